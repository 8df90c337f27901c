import { ImagemillError } from '../errors.ts'
import { anyNames } from '../query/any-names.ts'
import { parseRequest, type Request } from '../query/request.ts'
import { isOurs } from '../query/text.ts'
import type { Finding } from './finding.ts'

/** How a query is used: an import without `as` was an address. */
export interface QueryUse {
  query: string
  /** Whether what it exports goes to code, and nothing else says what that is. */
  exported: boolean
}

type Change = Omit<Finding, 'index' | 'what'>

/** What Vite itself makes of an image. */
const VITE = /^(?:url|raw|inline|no-inline|worker|sharedworker|init|import|t|v)$/

/** What would change in a query of vite-imagetools. */
export function reviewQuery({ query, exported }: QueryUse): Change[] {
  const names = [...new URLSearchParams(query).keys()]
  if (!isOurs(query)) return reviewOthers(names)
  const request = requestOf(query)
  if (request instanceof ImagemillError) return [must(request.reason, request.hint ?? 'The README lists every directive.')]
  const withoutShape = exported && !request.shape && !request.urlOnly
  return [
    ...(withoutShape
      ? [must('exports the whole image object, not an address', "Add `as=url`, or set `defaults: { as: 'url' }` for all of them.")]
      : []),
    ...reviewValues(new URLSearchParams(query), request),
  ]
}

/** Queries that are not ours are left to Vite, and were not. */
function reviewOthers(names: readonly string[]): Change[] {
  if (names.every((name) => VITE.test(name) && name !== 'inline')) return []
  if (names.every((name) => VITE.test(name)))
    return [note('Vite inlines the file as it is, unturned and with its metadata', 'Add a directive to have it made anew: `inline&w=640`.')]
  return [note('no directive: the file is used as it is', `A word for \`defaultDirectives\` is a preset: \`preset=${names[0]}\`.`)]
}

function reviewValues(written: URLSearchParams, { values, shape }: Request): Change[] {
  const twice = [...new Set(written.keys())].filter((name) => written.getAll(name).length > 1)
  const zero = (['saturation', 'brightness'] as const).filter((name) => values[name]?.includes(0))
  const oneFormat = shape?.name === 'srcset' || shape?.name === 'img'
  return [
    ...twice.map((name) => note(`\`${name}\` is there twice, and both are taken, not the last one`, 'Keep one of them.')),
    ...zero.map((name) => note(`\`${name}=0\` is done, not ignored`, 'Leave it out if it is not meant.')),
    ...(isFilled(values) && !values.background
      ? [note('what is filled is empty, or white in a JPEG, not black', 'Write `background=000` to keep it black.')]
      : []),
    ...(written.get('allowUpscale') === ''
      ? [note('`allowUpscale` alone allows it, too', 'Leave it out to keep the size of the source.')]
      : []),
    ...((values.aspect?.length ?? 0) > 1 ? [note('a list of aspects makes an image for each', 'Write one to have one.')] : []),
    ...(values.position?.includes('entropy') ? [note('`entropy` keeps the same part in every size', 'Nothing needs to be done.')] : []),
    ...(oneFormat && (values.format?.length ?? 0) > 1
      ? [note(`\`as=${shape.name}\` holds the last format only`, 'Write `as=picture` for all of them.')]
      : []),
    ...(shape?.name === 'metadata' && !shape.keys
      ? [note('`as=metadata` holds `src`, `width`, `height` and `format` only', 'Add `exif` for what the source says.')]
      : []),
  ]
}

/** Whether there may be pixels that are not of the source. */
function isFilled({ rotate = [], fit, flatten }: Request['values']): boolean {
  return rotate.some((angle) => angle % 90 !== 0) || fit?.includes('contain') === true || flatten?.includes(true) === true
}

function requestOf(query: string): Request | ImagemillError {
  try {
    return parseRequest(query, anyNames(query))
  } catch (error) {
    if (error instanceof ImagemillError) return error
    throw error
  }
}

function must(change: string, instead: string): Change {
  return { must: true, change, instead }
}

function note(change: string, instead: string): Change {
  return { must: false, change, instead }
}
