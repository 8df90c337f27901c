import { dirname, join, relative, sep } from 'node:path'
import { asImagemillError, ImagemillError } from '../errors.ts'
import type { Edit } from '../module/edits.ts'
import { readElements, type Element, type HtmlImage, type HtmlUrl } from '../module/html.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import { below } from './error.ts'
import { originalJob, planImage, type Asked } from './load.ts'
import { backgroundIn, pageImage } from './page-images.ts'
import type { Place } from './place.ts'

/** A page or a component with its elements. */
export interface Markup {
  code: string
  file: string
  elements: readonly Element[]
  /** What an address in it asks of us. */
  ask(url: string): Promise<Asked | undefined> | Asked | undefined
  /** Called for every image, before it is looked at. */
  found(asked: Asked): void
}

/** Makes the images that markup names in its attributes, and answers how it changes. */
export async function markupEdits(markup: Markup, place: Place): Promise<Edit[]> {
  const page = readElements(markup.elements)
  const images = new Map<string, HtmlImage | undefined>()
  await Promise.all(
    page.urls.map(async (each) => {
      const asked = images.has(each.url) ? undefined : await markup.ask(each.url)
      if (asked) images.set(each.url, await imageOf(asked, each, markup, place))
    }),
  )
  const refuse = (at: HtmlUrl, message: string): never => {
    const hint = 'An `<img>` takes any number of formats and sizes in its `src`.'
    const { file, query } = splitId(at.url)
    const image = isRemote(file) ? file : join(file.startsWith('/') ? place.root : dirname(markup.file), file)
    throw named(new ImagemillError({ code: 'CONFLICTING_DIRECTIVES', message, hint, file: image, query }), at, markup, place)
  }
  return page.edits((url) => images.get(url), refuse)
}

async function imageOf(asked: Asked, at: HtmlUrl, markup: Markup, place: Place): Promise<HtmlImage | undefined> {
  try {
    await place.allow(asked.file)
    markup.found(asked)
    const job = await planImage(asked, place).catch((error: unknown) => originalJob(asked, place, error))
    const image = await pageImage(job, place)
    const background = await backgroundIn(job, place)
    return image && background !== undefined ? { ...image, background } : image
  } catch (error) {
    throw named(asImagemillError(error).at({ file: asked.file, query: asked.query }), at, markup, place)
  }
}

/** An error as Vite shows it, with the place in the page or component, counted from 1. */
function named(error: ImagemillError, { at }: HtmlUrl, { code, file }: Markup, { root }: Place): Error {
  const lines = code.slice(0, at).split('\n')
  const [line, column] = [lines.length, lines.at(-1)?.length ?? 0]
  const message = `${below(root, error).message}\n  named by ${relative(root, file).split(sep).join('/')}:${line}:${column + 1}`
  // Where in our code it was found out helps nobody.
  return Object.assign(new Error(message), { stack: '', pluginCode: error.code, loc: { file, line, column } })
}
