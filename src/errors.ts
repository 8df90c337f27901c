/** Permanent names of everything that can go wrong. A code is never renamed or reused. */
export type ErrorCode =
  | 'INPUT_INVALID'
  | 'OUTPUT_CONFLICT'
  | 'OUTPUT_UNWRITABLE'
  | 'JOBS_FAILED'
  | 'UNKNOWN_DIRECTIVE'
  | 'INVALID_DIRECTIVE'
  | 'CONFLICTING_DIRECTIVES'
  | 'UNKNOWN_PRESET'
  | 'UNKNOWN_BREAKPOINT'
  | 'UNKNOWN_OPTION'
  | 'INVALID_OPTION'
  | 'SOURCE_NOT_FOUND'
  | 'SOURCE_UNREADABLE'
  | 'SOURCE_DENIED'
  | 'SOURCE_CHANGED'
  | 'SOURCE_CORRUPT'
  | 'FORMAT_UNSUPPORTED'
  | 'SIZE_LIMIT'
  | 'PIXEL_LIMIT'
  | 'TIMEOUT'
  | 'WORKER_CRASHED'
  | 'CANCELLED'
  | 'STORE_UNUSABLE'
  | 'DISK_FULL'
  | 'STORE_UNREACHABLE'
  | 'STORE_REFUSED'
  | 'QUEUE_UNREACHABLE'
  | 'QUEUE_FORGETFUL'
  | 'PACKAGE_MISSING'
  | 'UNSUPPORTED_SHARP'
  | 'POSITION_SHIPS'
  | 'BUDGET_EXCEEDED'
  | 'REMOTE_DENIED'
  | 'REMOTE_UNREACHABLE'
  | 'REMOTE_TOO_LARGE'
  | 'INTEGRITY_MISMATCH'
  | 'INTERNAL'

/** Codes after which the very same work may succeed when it is tried again. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'SOURCE_CHANGED',
  'TIMEOUT',
  'WORKER_CRASHED',
  'CANCELLED',
  'REMOTE_UNREACHABLE',
  'STORE_UNUSABLE',
  'DISK_FULL',
  'STORE_UNREACHABLE',
  'QUEUE_UNREACHABLE',
])

export interface ErrorFacts {
  code: ErrorCode
  /** What happened, what was expected and what was received: one sentence, no full stop. */
  message: string
  /** What the sentence is about where that is a list: a line for each, below it. */
  lines?: readonly string[] | undefined
  /** What to do about it: one sentence. */
  hint?: string | undefined
  /** The image file concerned. */
  file?: string | undefined
  /** The query of the import concerned, without `?`. */
  query?: string | undefined
}

/** The only error imagemill throws on purpose. */
export class ImagemillError extends Error {
  override readonly name = 'ImagemillError'
  readonly code: ErrorCode
  /** The sentence alone, without file, query and hint. */
  readonly reason: string
  readonly lines: readonly string[] | undefined
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly query: string | undefined

  constructor(facts: ErrorFacts, options?: ErrorOptions) {
    super(compose(facts), options)
    this.code = facts.code
    this.reason = readable(facts.message)
    this.lines = facts.lines?.map(readable)
    this.hint = facts.hint === undefined ? undefined : readable(facts.hint)
    this.file = facts.file
    this.query = facts.query
  }

  get retryable(): boolean {
    return RETRYABLE.has(this.code)
  }

  /** The same error, told where it happened; facts it already has are kept. */
  at(place: { file?: string | undefined; query?: string | undefined }): ImagemillError {
    return new ImagemillError({ ...this.facts(), file: this.file ?? place.file, query: this.query ?? place.query }, { cause: this.cause })
  }

  /** Plain data, to cross a process boundary and be thrown again on the other side. */
  facts(): ErrorFacts {
    return { code: this.code, message: this.reason, lines: this.lines, hint: this.hint, file: this.file, query: this.query }
  }
}

function compose({ code, message, lines = [], hint, file, query }: ErrorFacts): string {
  const place = file === undefined ? '' : `${oneLine(file)}${query ? `?${shortened(oneLine(query), 200)}` : ''}: `
  const [end, space] = lines.length === 0 ? ['.', ' '] : [lines.map((line) => `\n  ${readable(line)}`).join(''), '\n  ']
  return `[${code}] ${place}${readable(message)}${end}${hint ? space + readable(hint) : ''}`
}

/** What was received is quoted, and may be of any length and hold what would change the terminal that it is printed on. */
function readable(text: string): string {
  return shortened(
    // Pair by pair: what stands between two quotations is ours, and is left whole.
    oneLine(text).replace(/`([^`]*)`/g, (_, quoted: string) => `\`${shortened(quoted, 100)}\``),
    1000,
  )
}

/** A text without the characters that end a line or steer a terminal, and without halves of letters: they are written by their number. */
export function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function shortened(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).replace(/\p{Cs}$/u, '')}…` : text
}

/** The code of a Node.js system error, or undefined. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}

/** Any thrown value as one of ours; what is not ours is an INTERNAL error with its cause kept. */
export function asImagemillError(error: unknown): ImagemillError {
  if (error instanceof ImagemillError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new ImagemillError(
    { code: 'INTERNAL', message, hint: 'This is a fault in imagemill; please report it with the image and the query.' },
    { cause: error },
  )
}
