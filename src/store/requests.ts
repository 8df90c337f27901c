import { ImagemillError } from '../errors.ts'
import { openHealth, unreachable } from './health.ts'

export interface RequestsOptions {
  /** Address of the store, without a `/` at its end. */
  url: string
  /** Sent as `Authorization: Bearer`. */
  token: string | undefined
  /** Most time for an answer with all its bytes, in ms. */
  timeout: number
  /** Most time to send bytes and have them confirmed, in ms. */
  writeTimeout: number
  /** Failures after which the store is left alone; one that took all the time it had counts as all of them. */
  failures: number
  /** Told once why the store is not used any longer, or not for all. */
  warn(error: ImagemillError): void
  /** How it is seen whether a store works that is not used any longer; left out where it is not looked at again. */
  probe?: Probe | undefined
}

export interface Probe {
  path: string
  /** What is put there; without it, it is looked for, and need not be there. */
  bytes?: Buffer | undefined
  /** Told when it is used again. */
  onBack(message: string): void
}

export interface Requests {
  /** The bytes at a path, undefined when there are none or more than `most`, or when the store does not work. */
  get(path: string, most: number): Promise<Buffer | undefined>
  /** Sends bytes; an ImagemillError says why they are not there. */
  put(path: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  /** Tells of something that is wrong with the store, unless something was told before. */
  complain(error: ImagemillError): void
  /** Whether it is still asked, and written to. */
  readonly reads: boolean
  readonly writes: boolean
  /** Gives up what is under way. */
  abort(): void
}

/** Requests to a server that may be away, slow or wrong: after a few failures it is not asked again, and the caller never waits long. */
export function openRequests({ url, token, timeout, writeTimeout, failures, warn, probe }: RequestsOptions): Requests {
  const ending = new AbortController()
  const shown = new URL(url).host
  const health = openHealth({
    shown,
    failures,
    warn,
    onBack: probe?.onBack,
    async look() {
      const { path = '', bytes } = probe ?? {}
      const { status, body } = await send(path, timeout, bytes && { method: 'PUT', body: new Uint8Array(bytes) })
      await body?.cancel()
      return (status >= 200 && status <= 299) || (!bytes && status === 404)
    },
  })
  const { note, refuse } = health

  const send = async (path: string, limit: number, init: RequestInit = {}, given: AbortSignal[] = []): Promise<Response> => {
    const late = AbortSignal.timeout(limit)
    const signal = AbortSignal.any([late, ending.signal, ...given])
    try {
      return await fetch(`${url}${path}`, {
        ...init,
        redirect: 'manual',
        signal,
        headers: { ...(token !== undefined && { authorization: `Bearer ${token}` }) },
      })
    } catch (error) {
      if (given.some(({ aborted }) => aborted)) throw unreachable(shown, 'was not waited for any longer', error)
      throw late.aborted ? note(`did not answer within ${limit / 1000} s`, Infinity, error) : note(reasonOf(error), 1, error)
    }
  }

  return {
    complain: health.complain,
    get reads() {
      return health.reads
    },
    get writes() {
      return health.writes
    },
    async get(path, most) {
      if (!health.reads) return undefined
      try {
        const start = performance.now()
        const response = await send(path, timeout)
        const { status } = response
        if (status === 200)
          return await readBody(response, most, (error) => {
            const late = performance.now() - start >= timeout
            return note(late ? `did not answer within ${timeout / 1000} s` : reasonOf(error), late ? Infinity : 1, error)
          })
        await response.body?.cancel()
        if (status === 401 || status === 403) throw refuse(status, false)
        if (status !== 404) throw note(`answered ${status}`, 1)
        return undefined
      } catch (error) {
        if (error instanceof ImagemillError) return undefined
        throw error
      }
    },
    async put(path, bytes, signal) {
      if (!health.writes) throw unreachable(shown, 'is not written to any longer')
      const response = await send(path, writeTimeout, { method: 'PUT', body: Buffer.from(bytes) }, signal ? [signal] : [])
      const { status } = response
      await response.body?.cancel()
      if (status === 401 || status === 403 || status === 405) throw refuse(status, true)
      // Nothing is wrong with a server that does not take everything.
      if (status === 413) throw unreachable(shown, `does not take ${bytes.length} bytes (413)`)
      if (status < 200 || status > 299) throw note(`answered ${status}`, 1)
    },
    abort() {
      health.end()
      ending.abort()
    },
  }
}

/** All bytes of an answer, unless there are more than there may be. */
async function readBody(response: Response, most: number, failed: (error: unknown) => ImagemillError): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = []
  let length = 0
  try {
    for await (const part of response.body ?? []) {
      length += part.length
      if (length > most) return undefined
      parts.push(part)
    }
  } catch (error) {
    throw failed(error)
  }
  return Buffer.concat(parts)
}

/** What `fetch` has to say is in the cause of its error. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  return 'code' in cause && typeof cause.code === 'string' ? `failed (${cause.code})` : `failed (${cause.message})`
}
