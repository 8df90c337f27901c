import { ImagemillError, asImagemillError } from '../../errors.ts'
import { guardedRequest } from '../../net/request.ts'
import type { Delivery } from './outbox.ts'
import type { Sign } from './signature.ts'

export interface AttemptOptions {
  sign: Sign
  /** Whether addresses of this machine and of private networks may be posted to. */
  allowPrivate: boolean
  /** Most time for one try, in ms. */
  timeout: number
  signal?: AbortSignal | undefined
}

/** What came of one try: `stop` says that no further one can help, `after_ms` how long the receiver wants to be left alone. */
export type Outcome =
  | { delivered: true; status: number }
  | { delivered: false; status?: number; error: string; stop: boolean; after_ms?: number }

/** Posts a delivery once. Only an answer from 200 to 299 means that it was taken; a redirect is none, and is not followed. */
export async function attempt(
  { id, url, headers, body }: Pick<Delivery, 'id' | 'url' | 'headers' | 'body'>,
  { sign, allowPrivate, timeout, signal }: AttemptOptions,
): Promise<Outcome> {
  const signed = sign({ id, timestamp: Math.floor(Date.now() / 1000), body })
  try {
    const response = await guardedRequest({
      url: new URL(url),
      method: 'POST',
      headers: { ...lowerCased(headers), 'content-type': 'application/json', 'user-agent': 'imagemill', ...signed },
      body,
      allowPrivate,
      timeout,
      signal,
    })
    response.discard()
    const { status } = response
    if (status >= 200 && status < 300) return { delivered: true, status }
    const after_ms = retryAfter(response.headers['retry-after'], Date.now())
    // Gone: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#respond-with-status-codes
    return { delivered: false, status, error: `status ${status}`, stop: status === 410, ...(after_ms !== undefined && { after_ms }) }
  } catch (error) {
    if (signal?.aborted) throw error
    const known = asImagemillError(error)
    return { delivered: false, error: known.reason, stop: known instanceof ImagemillError && known.code === 'REMOTE_DENIED' }
  }
}

/** What is said later wins, whatever its spelling: nobody else signs. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** `Retry-After` in ms: seconds, or a date. */
export function retryAfter(text: string | undefined, now_ms: number): number | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,9}$/.test(text.trim())) return Number(text) * 1000
  const date = Date.parse(text)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now_ms)
}
