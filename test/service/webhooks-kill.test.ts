import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { Webhook } from 'standardwebhooks'
import { expect, onTestFinished, test } from 'vitest'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const SCRIPT = join(import.meta.dirname, '../support/send-webhooks.js')
const ROUNDS = 8
const EACH = 40

/** A message fails never, once or twice, and every answer takes a moment, so that a kill finds messages in all states. */
async function receiver() {
  const received = new Map<string, number>()
  const failures = new Map<number, number>()
  const { origin } = await webServer(async (request, response) => {
    const body = await text(request)
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]))
    const { index } = new Webhook(SECRET).verify(body, headers) as { index: number }
    expect(headers['webhook-id']).toBe(`msg_${index}`)
    await sleep(5)
    const failed = failures.get(index) ?? 0
    if (failed < index % 3) {
      failures.set(index, failed + 1)
      return void response.writeHead(500).end()
    }
    received.set(`msg_${index}`, (received.get(`msg_${index}`) ?? 0) + 1)
    response.end()
  })
  return { origin, received }
}

function start(folder: string, origin: string, from: number, to: number) {
  const child = spawn(process.execPath, [SCRIPT, folder, origin, String(from), String(to), SECRET], { stdio: ['ignore', 'pipe', 'pipe'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  const said = { out: '', error: '' }
  child.stdout.on('data', (chunk: Buffer) => (said.out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said.error += chunk.toString()))
  return { child, said, ended: once(child, 'close') }
}

test('every message that was taken is delivered, although the process is killed again and again', async () => {
  const { origin, received } = await receiver()
  const folder = join(project().root, 'webhooks')
  const taken = new Set<string>()
  for (let round = 0; round < ROUNDS; round++) {
    const { child, said, ended } = start(folder, origin, round * EACH, (round + 1) * EACH)
    await once(child.stdout, 'data')
    await sleep(Math.random() * 60)
    child.kill('SIGKILL')
    await ended
    expect(said.error).toBe('')
    for (const id of said.out.split('\n').slice(0, -1)) taken.add(id)
  }
  expect(taken.size).toBeGreaterThan(ROUNDS)
  expect([...taken].filter((id) => !received.has(id)).length).toBeGreaterThan(0)
  const { said, ended } = start(folder, origin, 0, 0)
  expect(await ended).toEqual([0, null])
  expect(said.error).toBe('')
  expect([...taken].filter((id) => !received.has(id))).toEqual([])
  // More than once only where a kill came between the answer and its being written down.
  expect([...received.values()].filter((times) => times > 1).length).toBeLessThan(taken.size / 2)
  for (const state of ['pending', 'failed', 'tmp']) expect({ state, files: filesIn(join(folder, state)) }).toEqual({ state, files: [] })
})

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}
