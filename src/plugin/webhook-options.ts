import { fields, invalid, read } from './option-values.ts'

/** Where the ends of jobs or builds are told. */
export interface WebhookOptions {
  /** Address that is posted to. */
  url: string
  /** `whsec_…`, signs what is posted as Standard Webhooks says. @default IMAGEMILL_WEBHOOK_SECRET of the environment; without it nothing is signed */
  secret?: string | undefined
  /** What is told: the end of every build, or of every output. @default 'build' */
  on?: 'build' | 'job'
  /** Whether the address may be on this machine or in a private network. @default false */
  allowPrivate?: boolean
}

export interface Webhook {
  url: string
  secret: string | undefined
  on: 'build' | 'job'
  allowPrivate: boolean
}

export function webhookOf(value: unknown, env: Readonly<Record<string, string | undefined>> = process.env): Webhook | undefined {
  if (value === undefined) return undefined
  const raw = fields(value, 'webhooks.', ['url', 'secret', 'on', 'allowPrivate'])
  const given = raw['url']
  const url = typeof given === 'string' && /^https?:/i.test(given) && URL.canParse(given) ? given : undefined
  if (url === undefined) throw invalid('webhooks.url', 'an address with http: or https:', given)
  const text = (item: unknown): string | undefined => (typeof item === 'string' && item !== '' ? item : undefined)
  const flag = (item: unknown): boolean | undefined => (typeof item === 'boolean' ? item : undefined)
  return {
    url,
    secret: read(raw['secret'], 'webhooks.secret', 'a text that begins with whsec_', text) ?? text(env['IMAGEMILL_WEBHOOK_SECRET']),
    on: read(raw['on'], 'webhooks.on', "'build' or 'job'", (item) => (['build', 'job'] as const).find((word) => word === item)) ?? 'build',
    allowPrivate: read(raw['allowPrivate'], 'webhooks.allowPrivate', 'true or false', flag) ?? false,
  }
}
