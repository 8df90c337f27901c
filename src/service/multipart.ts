import { invalidBody } from './http-error.ts'

/** Where the bytes of a part go. */
export interface Sink {
  write(bytes: Buffer): Promise<void> | void
  end(): Promise<void> | void
}

export interface PartHead {
  name: string
  filename: string | undefined
}

/** Most bytes before the content of a part, and most parts. */
const HEAD = 8192
const PARTS = 20

/**
 * Reads a body of `multipart/form-data` (RFC 7578) as it comes: nothing is held but what may be the begin of a boundary.
 * A body that ends before its last boundary is an error.
 */
export async function readMultipart(
  chunks: AsyncIterable<Uint8Array>,
  boundary: string,
  open: (head: PartHead) => Promise<Sink>,
): Promise<void> {
  const mark = Buffer.from(`\r\n--${boundary}`)
  // The first boundary has no line before it.
  let held = Buffer.from('\r\n')
  let sink: Sink | undefined
  let parts = 0
  const now: { state: 'before' | 'mark' | 'head' | 'content' | 'after' } = { state: 'before' }

  /** Goes on with what is held; false when more is needed. */
  const step = async (): Promise<boolean> => {
    if (now.state === 'before' || now.state === 'content') {
      const at = held.indexOf(mark)
      const sure = at < 0 ? Math.max(0, held.length - mark.length + 1) : at
      if (now.state === 'content' && sure > 0) await sink?.write(held.subarray(0, sure))
      held = held.subarray(at < 0 ? sure : at + mark.length)
      if (at < 0) return false
      if (now.state === 'content') await sink?.end()
      now.state = 'mark'
      return true
    }
    if (now.state === 'mark') {
      if (held.length < 2) return false
      if (held.subarray(0, 2).toString() === '--') now.state = 'after'
      else if (held.subarray(0, 2).toString() === '\r\n') now.state = 'head'
      else throw invalidBody('a boundary is followed by something else than a line break')
      // The line break stays: a part without any head has the end of its head in it.
      return now.state === 'head'
    }
    if (now.state === 'after') return false
    const end = held.indexOf('\r\n\r\n')
    if (end > HEAD || (end < 0 && held.length > HEAD)) throw invalidBody('the head of a part is too long')
    if (end < 0) return false
    if (++parts > PARTS) throw invalidBody(`there are more than ${PARTS} parts`)
    sink = await open(headOf(held.subarray(0, end).toString('utf8')))
    held = held.subarray(end + 4)
    now.state = 'content'
    return true
  }

  for await (const chunk of chunks) {
    if (now.state === 'after') continue
    held = held.length === 0 ? Buffer.from(chunk) : Buffer.concat([held, chunk])
    while (await step());
  }
  if (now.state !== 'after') throw invalidBody('the body ends before its last boundary')
}

function headOf(text: string): PartHead {
  const line = /^content-disposition:\s*form-data\s*(;.*)$/im.exec(text)?.[1]
  const field = (name: string): string | undefined =>
    new RegExp(`;\\s*${name}=(?:"([^"]*)"|([^;\\s]*))`, 'i')
      .exec(line ?? '')
      ?.slice(1)
      .find((value) => value !== undefined)
  const name = field('name')
  if (name === undefined) throw invalidBody('a part has no name')
  return { name, filename: field('filename') }
}

/** The boundary that a content type names, undefined when it is no form. */
export function boundaryOf(contentType: string): string | undefined {
  if (!/^multipart\/form-data\s*;/i.test(contentType)) return undefined
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? []
  return quoted ?? plain
}
