import { statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { openOutbox, type Delivery, type DeliveryState, type Outbox } from '../service/webhooks/outbox.ts'
import { replay } from '../service/webhooks/replay.ts'
import { UsageError, count, readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'
import { CONFIG, settingsFrom } from './serve-settings.ts'

export const help = `Usage: imagemill webhooks ls [--json]
       imagemill webhooks replay [id ...]

ls lists the messages of a service that are not delivered: those that wait for their next try, and those that failed.
replay tries those that failed once more, under the ids that they had, and answers a line of JSON for each; what fails
again stays. Named ones are tried at once, those that wait, too. It exits with 1 if one failed. They are signed with
IMAGEMILL_WEBHOOK_SECRET.

  --out <dir>                folder of the service (.imagemill-service)
  --config <file>            file of its settings (${CONFIG}, where there is one)
  --json                     ls: a line of JSON for each message, its body included
  --timeout <ms>             replay: most time for each (15000)
  --allow-private-webhooks   replay: addresses of this machine and of private networks, too

The folder and what is allowed may also be in the environment and in the file of settings, as for \`imagemill serve\`.
`

const OPTIONS = {
  out: { type: 'string' },
  config: { type: 'string' },
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
  const { out, config, ...others } = values
  const [name = '', ...ids] = positionals
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined
  if (!action) throw new UsageError(`expected one of ${Object.keys(ACTIONS).join(', ')}, received ${JSON.stringify(name)}`)
  const wrong = Object.keys(others).find((option) => !action.takes.some((taken) => taken === option))
  if (wrong !== undefined) throw new UsageError(`\`webhooks ${name}\` has no option --${wrong}`)
  const settings = settingsFrom({ out, 'allow-private-webhooks': others['allow-private-webhooks'] }, config)
  const folder = resolve(settings.out)
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new UsageError(`${folder} is not the folder of a service: name it with --out, IMAGEMILL_OUT or "out" in ${CONFIG}`)
  const allowed = { 'allow-private-webhooks': settings['allow-private-webhooks'] }
  return action.run(openOutbox(join(folder, 'webhooks')), { ...others, ...allowed }, ids)
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
