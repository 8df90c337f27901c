import { createHmac } from 'node:crypto'
import { ImagemillError } from '../../errors.ts'

/** Signs what is posted as Standard Webhooks 1.0.0 says: https://github.com/standard-webhooks/standard-webhooks */
export type Sign = (message: { id: string; timestamp: number; body: string }) => Record<string, string>

/**
 * Secrets as their keepers write them, `whsec_` and base64, one or several with spaces between them: while one is replaced by
 * another, both sign. Without any, a message says who and when it is, and is not signed.
 */
export function signer(secrets: string | undefined): Sign {
  const keys = (secrets ?? '').split(/[\s,]+/).flatMap((secret) => (secret === '' ? [] : [keyOf(secret)]))
  return ({ id, timestamp, body }) => {
    const signatures = keys.map((key) => `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
    return {
      'webhook-id': id,
      'webhook-timestamp': String(timestamp),
      ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
    }
  }
}

/** Bytes of a key, by the specification. */
const [LEAST, MOST] = [24, 64]

function keyOf(secret: string): Buffer {
  const [, text = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(secret) ?? []
  const key = Buffer.from(text, 'base64')
  if (key.length >= LEAST && key.length <= MOST) return key
  // The secret itself is not for a log.
  throw new ImagemillError({
    code: 'INVALID_OPTION',
    message: `invalid secret of webhooks: expected \`whsec_\` and ${LEAST} to ${MOST} bytes in base64, received ${secret.length} characters that are something else`,
    hint: `Make one: node -p "'whsec_' + crypto.randomBytes(32).toString('base64')"`,
  })
}
