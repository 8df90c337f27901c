import { groupByFormat, largestOf, shownSize } from '../module/image.ts'
import type { HtmlImage } from '../module/html.ts'
import type { Output } from '../types.ts'
import { addressOf, dataUri, fileId, isOnlyAddress } from './address.ts'
import type { Api, Job } from './api.ts'
import type { ViteConfig } from './bundler.ts'
import { backgroundOf, factId } from './facts.ts'
import { placeOf, type Place } from './place.ts'
import { addressToken, tokenOf } from './tokens.ts'

/** A quick look whether a text can name an image with a query: most do not, and are not parsed. */
const MAYBE = /\.(?:avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)\?[^\s"']/i

/** The same of images of other servers, whose names say nothing. */
const MAYBE_REMOTE = /https?:\/\/[^\s"'()<>]+\?[^\s"']/i

export function mayHaveImages(text: string, { options }: Pick<Api, 'options'>): boolean {
  return MAYBE.test(text) || (options.remote !== undefined && MAYBE_REMOTE.test(text))
}

/** Texts that a template engine replaces later are no addresses yet. */
const TEMPLATE = /\{\{|\$\{|#\{|<%|%[A-Z_]+%/

/** Whether an address cannot be a file of the project. */
export function isElsewhere(url: string): boolean {
  return !MAYBE.test(url) || TEMPLATE.test(url) || /^(?:[a-z][a-z0-9+.-]*:|\/\/)/i.test(url)
}

/** Where images of pages and style sheets are loaded: for a browser, whoever asks. */
export function pagePlace(config: ViteConfig, api: Api): Place {
  const environment = { name: 'client', config: { ...config, consumer: 'client' }, getTopLevelConfig: () => config }
  return placeOf({ environment }, api)
}

/** An image as a page or a style sheet needs it; in a build the addresses are tokens that are replaced when the bundle is written. */
export async function pageImage(job: Job, place: Place): Promise<HtmlImage | undefined> {
  const { plan, source, request } = job
  const inline = request.values.inline?.[0] === true
  const addresses = new Map<string, string>()
  for (const output of plan.outputs) addresses.set(output.key, inline ? await inlined(output, job, place) : address(output, job, place))
  const base = plan.views.at(-1)?.outputs ?? []
  const addressIn = ({ key }: Output): string => addresses.get(key) ?? source.file
  const groupsOf = (outputs: readonly Output[]): HtmlImage['groups'] =>
    groupByFormat(outputs).map(({ format, outputs: list }) => ({
      type: `image/${format}`,
      candidates: list.map((output) => ({ address: addressIn(output), descriptor: output.descriptor })),
    }))
  const largest = largestOf(groupByFormat(base).at(-1)?.outputs ?? [])
  if (!largest) return undefined
  const art = plan.views.flatMap(({ media, outputs }) => {
    const shown = largestOf(outputs)
    return media === undefined || !shown ? [] : groupsOf(outputs).map((group) => ({ media, ...shownSize(shown), ...group }))
  })
  return { groups: groupsOf(base), art, src: addressIn(largest), ...shownSize(largest) }
}

/** What shows where the image will be: an answer of the dev server, or a token. */
export async function backgroundIn(job: Job, place: Place): Promise<string | undefined> {
  const fact = job.plan.facts.find(({ question }) => question.operation === 'placeholder')
  const id = fact && factId(fact, job)
  if (id === undefined) return undefined
  return place.devBase === undefined ? tokenOf('BACKGROUND', id) : backgroundOf(id, place)
}

function address(output: Output, { source }: Job, place: Place): string {
  return place.devBase === undefined && !isOnlyAddress(source)
    ? addressToken('URL', fileId(output, source))
    : addressOf(output, source, place)
}

async function inlined(output: Output, { source }: Job, place: Place): Promise<string> {
  if (place.devBase === undefined) return addressToken('DATA', output.key)
  return dataUri(output, (await place.api.pipeline(place.root).read({ source, output })).bytes)
}
