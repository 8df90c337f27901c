import { join, resolve } from 'node:path'
import { openOutbox, type Delivery, type DeliveryState, type Outbox } from '../service/webhooks/outbox.ts'
import { replay } from '../service/webhooks/replay.ts'
import { UsageError, count, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'

export const help = `Usage: imagemill webhooks ls [--json]
       imagemill webhooks replay [id ...]

ls lists the messages of a service that are not delivered: those that wait for their next try, and those that failed.
replay tries those that failed once more, all or the named ones, under the ids that they had, and answers a line of JSON
for each; what fails again stays. It exits with 1 if one did. They are signed with IMAGEMILL_WEBHOOK_SECRET.

  --out <dir>                folder of the service (.imagemill-service)
  --json                     ls: a line of JSON for each message, its body included
  --timeout <ms>             replay: most time for each (15000)
  --allow-private-webhooks   replay: addresses of this machine and of private networks, too
`

const OPTIONS = {
  out: { type: 'string' },
  json: { type: 'boolean' },
  timeout: { type: 'string' },
  'allow-private-webhooks': { type: 'boolean' },
} as const

interface Values {
  json?: boolean | undefined
  timeout?: string | undefined
  'allow-private-webhooks'?: boolean | undefined
}

const ACTIONS: Readonly<
  Record<string, { takes: readonly (keyof Values)[]; run(outbox: Outbox, values: Values, ids: string[]): Promise<number> }>
> = {
  ls: { takes: ['json'], run: list },
  replay: { takes: ['timeout', 'allow-private-webhooks'], run: tryAgain },
}

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, OPTIONS, Infinity)
  const { out = '.imagemill-service', ...others } = values
  const [name = '', ...ids] = positionals
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new UsageError(`expected one of ${Object.keys(ACTIONS).join(', ')}, received ${JSON.stringify(name)}`)
  const wrong = Object.keys(others).find((option) => !action.takes.some((taken) => taken === option))
  if (wrong !== undefined) throw new UsageError(`\`webhooks ${name}\` has no option --${wrong}`)
  return action.run(openOutbox(join(resolve(out), 'webhooks')), others, ids)
}

async function list(outbox: Outbox, { json = false }: Values, ids: string[]): Promise<number> {
  if (ids.length > 0) throw new UsageError(`unexpected argument ${JSON.stringify(ids[0])}`)
  for (const state of ['pending', 'failed'] as const) {
    for (const id of await outbox.ids(state)) {
      const delivery = await outbox.read(state, id)
      // It may have been delivered meanwhile.
      if (delivery) await print(`${json ? JSON.stringify({ state, ...delivery }) : lineOf(state, delivery)}\n`)
    }
  }
  return 0
}

function lineOf(state: DeliveryState, { id, url, attempts, next_ms, last }: Delivery): string {
  const tried = attempts === 0 ? 'not tried yet' : `${attempts} ${attempts === 1 ? 'try' : 'tries'}, the last: ${last?.error ?? ''}`
  const next = state === 'pending' ? `, next ${new Date(next_ms).toISOString()}` : ''
  return `${state.padEnd(7)}  ${id}  ${new URL(url).origin}  ${tried}${next}`
}

async function tryAgain(outbox: Outbox, values: Values, ids: string[]): Promise<number> {
  const wanted = ids.length > 0 ? ids : await outbox.ids('failed')
  const options = {
    outbox,
    secret: process.env['IMAGEMILL_WEBHOOK_SECRET'],
    allowPrivate: values['allow-private-webhooks'] ?? false,
    timeout: count(values.timeout, 'timeout') ?? 15_000,
  }
  let failed = 0
  for await (const replayed of replay(wanted, options)) {
    await print(`${JSON.stringify(replayed)}\n`)
    if (!replayed.delivered) failed++
  }
  return failed > 0 ? 1 : 0
}
