import { ImagemillError } from '../errors.ts'

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

/** Pause before a store is looked at again, in ms. */
const AGAIN = 5000

/** Requests to a server that may be away, slow or wrong: after a few failures it is not asked again, and the caller never waits long. */
export function openRequests({ url, token, timeout, writeTimeout, failures, warn, probe }: RequestsOptions): Requests {
  const ending = new AbortController()
  const shown = new URL(url).host
  // Who never gives up can wait again.
  const allOfThem = Number.isFinite(failures) ? failures : 1
  let [failed, reads, writes, told] = [0, true, true, false]

  const complain = (error: ImagemillError): void => {
    if (!told) warn(error)
    told = true
  }

  /** Notes a failure of the server and answers it. */
  const note = (reason: string, cost: number, cause?: unknown): ImagemillError => {
    const error = unreachable(shown, reason, cause)
    failed += cost
    if (failed < failures || !reads || ending.signal.aborted) return error
    reads = writes = false
    complain(error)
    probing.begin()
    return error
  }

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
      throw late.aborted ? note(`did not answer within ${limit / 1000} s`, allOfThem, error) : note(reasonOf(error), 1, error)
    }
  }

  /** A key that does not fit will not fit the next time either. */
  const refuse = (status: number, writing: boolean): ImagemillError => {
    const error = refused(shown, status, writing)
    writes = false
    if (!writing) reads = false
    complain(error)
    probing.begin()
    return error
  }

  const probing = openProbing(
    probe,
    (path, bytes) => send(path, timeout, bytes && { method: 'PUT', body: new Uint8Array(bytes) }),
    ({ onBack }) => {
      if (told) onBack(`the shared store at ${shown} is used again`)
      failed = 0
      reads = writes = true
      told = false
    },
  )

  return {
    complain,
    get reads() {
      return reads
    },
    get writes() {
      return writes
    },
    async get(path, most) {
      if (!reads) return undefined
      try {
        const start = performance.now()
        const response = await send(path, timeout)
        const { status } = response
        if (status === 200)
          return await readBody(response, most, (error) => {
            const late = performance.now() - start >= timeout
            return note(late ? `did not answer within ${timeout / 1000} s` : reasonOf(error), late ? allOfThem : 1, error)
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
      if (!writes) throw unreachable(shown, 'is not written to any longer')
      const response = await send(path, writeTimeout, { method: 'PUT', body: Buffer.from(bytes) }, signal ? [signal] : [])
      const { status } = response
      await response.body?.cancel()
      if (status === 401 || status === 403 || status === 405) throw refuse(status, true)
      // Nothing is wrong with a server that does not take everything.
      if (status === 413) throw unreachable(shown, `does not take ${bytes.length} bytes (413)`)
      if (status < 200 || status > 299) throw note(`answered ${status}`, 1)
    },
    abort() {
      ending.abort()
      probing.end()
    },
  }
}

/** Looks at a store from time to time until it works; nobody waits for that. */
function openProbing(
  probe: Probe | undefined,
  ask: (path: string, bytes: Buffer | undefined) => Promise<Response>,
  onWorking: (probe: Probe) => void,
): { begin(): void; end(): void } {
  let timer: NodeJS.Timeout | undefined
  let over = false
  const works = async ({ path, bytes }: Probe): Promise<boolean> => {
    const { status, body } = await ask(path, bytes)
    await body?.cancel()
    return (status >= 200 && status <= 299) || (!bytes && status === 404)
  }
  const look = async (its: Probe): Promise<void> => {
    // That it is still away is nothing new.
    const isWorking = await works(its).catch(() => false)
    timer = undefined
    if (isWorking) onWorking(its)
    else begin()
  }
  const begin = (): void => {
    if (!probe || timer || over) return
    timer = setTimeout(() => void look(probe), AGAIN).unref()
  }
  return {
    begin,
    end() {
      over = true
      clearTimeout(timer)
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

function unreachable(host: string, reason: string, cause?: unknown): ImagemillError {
  return new ImagemillError(
    {
      code: 'STORE_UNREACHABLE',
      message: `the shared store at ${host} ${reason}`,
      hint: 'The build goes on without it; what is missing is made here.',
    },
    { cause },
  )
}

function refused(host: string, status: number, writing: boolean): ImagemillError {
  return new ImagemillError({
    code: 'STORE_REFUSED',
    message: `the shared store at ${host} refused ${writing ? 'to be written to' : 'to answer'} (${status})`,
    hint: writing
      ? 'Check `store.token`, or set `store.write` to false where the token may only read.'
      : 'Check `store.token`, or IMAGEMILL_STORE_TOKEN in the environment; images are made here.',
  })
}
