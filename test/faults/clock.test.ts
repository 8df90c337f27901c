import { mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { PROCESS_NAME } from '../../src/process-name.ts'
import { openWebhooks } from '../../src/service/webhooks/webhooks.ts'
import { openStore } from '../../src/store/open.ts'
import { sweep } from '../../src/store/sweep.ts'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { startBuild, until } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { webServer } from '../support/server.ts'

const options = { manifest: false as const, logLevel: 'info' as const }
const DAY = 86_400_000
const NODE_OPTIONS = `--import ${pathToFileURL(join(import.meta.dirname, '../support/clock.js')).href}`

/** A build whose clock is so many ms ahead of that of the disk. */
function shifted(root: string, ms: number): ReturnType<typeof startBuild>['ended'] {
  return startBuild(root, { options, env: { NODE_OPTIONS, CLOCK_SHIFT: String(ms) } }).ended
}

function setTimes(paths: readonly string[], ms: number): void {
  for (const path of paths) utimesSync(path, new Date(ms), new Date(ms))
}

describe.each([
  ['a year ahead', 365 * DAY],
  ['ten years back', -3650 * DAY],
])('a clock %s', (_, shift) => {
  test('the same files cold and warm, in any order with builds whose clock is right, and a changed image is seen', async () => {
    const { root, write } = await gallery()
    const clean = await buildVite(root, { options: { ...options, logLevel: 'silent', cache: { dir: 'other' } } })
    const built = async (ms: number): Promise<string> => {
      const { code, output } = await shifted(root, ms)
      expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/^imagemill: .*\[/m) })
      expect(damagedFiles(join(root, CACHE))).toEqual([])
      return /\d+ hits, \d+ made/.exec(output)?.[0] ?? output
    }
    expect(await built(shift)).toBe('0 hits, 36 made')
    for (const ms of [0, shift, 0]) {
      expect(await built(ms)).toBe('36 hits, 0 made')
      expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
    }
    // Of the same size and with the time of the old one, as tools that restore files write it.
    const path = join(root, 'photo-0.jpg')
    const before = statSync(path)
    const other = Buffer.from(await jpeg(48, 48, 9))
    const bytes = Buffer.concat([other, Buffer.alloc(Math.max(0, before.size - other.length))]).subarray(
      0,
      Math.max(before.size, other.length),
    )
    write('photo-0.jpg', bytes)
    utimesSync(path, before.atime, before.mtime)
    expect(await built(shift)).toBe('27 hits, 9 made')
  })
})

test('entries and sources of the future and of 1970 are entries and sources', async () => {
  const { root } = await gallery()
  const clean = await buildVite(root, { options: { ...options, logLevel: 'silent' } })
  for (const ms of [Date.now() + 3650 * DAY, 0]) {
    setTimes([...entryFiles(join(root, CACHE), 'ac'), ...entryFiles(join(root, CACHE), 'cas')], ms)
    setTimes(
      [0, 1, 2, 3].map((index) => join(root, `photo-${index}.jpg`)),
      ms,
    )
    const { code, output } = await shifted(root, 0)
    expect([code, output]).toEqual([0, expect.stringContaining('36 hits, 0 made')])
    expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
  }
})

test('an entry of the future is no longer one as soon as it is used, so that it is not kept for ever', async () => {
  const folder = join(project().root, 'cache')
  const store = await openStore(folder)
  const keys = ['a', 'b'].map((letter) => letter.repeat(64))
  for (const key of keys) await store.put(key, key, Buffer.alloc(1000, key))
  const [a = '', b = ''] = entryFiles(folder, 'ac')
  setTimes([a], Date.now() + 3650 * DAY)
  setTimes([b], Date.now() - DAY)
  store.get(keys[0] ?? '')
  expect(Math.abs(statSync(a).mtimeMs - Date.now())).toBeLessThan(DAY)
  await store.close()
})

test('what an ended process of another machine left, with a time of the future, does not stop eviction', async () => {
  const folder = join(project().root, 'cache')
  const store = await openStore(folder)
  await store.put('a'.repeat(64), 'a', Buffer.alloc(5000))
  await store.close()
  setTimes(entryFiles(folder, 'ac'), Date.now() - 30 * DAY)
  const foreign = PROCESS_NAME.replace(/-.*/, '-00000000-ab')
  for (const kind of ['runs', 'tmp', 'claims']) {
    mkdirSync(join(folder, 'v1', kind), { recursive: true })
    const path = join(folder, 'v1', kind, foreign)
    writeFileSync(path, foreign)
    setTimes([path], Date.now() + 3650 * DAY)
  }
  await (await openStore(folder)).close()
  expect(['runs', 'tmp', 'claims'].flatMap((kind) => entryFiles(folder, kind as 'runs').map((path) => basename(path)))).toEqual([])
  await sweep(folder, 1000)
  expect(entryFiles(folder, 'ac')).toEqual([])
})

test('a message that waits for a time which a wrong clock has set is sent when its longest pause is over, not in years', async () => {
  const folder = join(project().root, 'webhooks')
  const received: string[] = []
  const { origin } = await webServer((request, response) => {
    received.push(String(request.headers['webhook-id']))
    response.end()
  })
  const settings = {
    folder,
    secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    allowPrivate: true,
    pauses: [50, 100],
    onAttempt: () => undefined,
  }
  const options = { ...settings, onWarning: (error: unknown) => expect.fail(String(error)) }
  mkdirSync(join(folder, 'pending'), { recursive: true })
  const future = Date.now() + 3650 * DAY
  const delivery = { id: 'msg_1', url: origin, headers: {}, body: '{}', created_ms: future - 50, attempts: 1, next_ms: future }
  writeFileSync(join(folder, 'pending', 'msg_1.json'), JSON.stringify(delivery))
  const webhooks = await openWebhooks(options)
  await until('it is delivered', () => webhooks.pending() === 0)
  expect(received).toEqual(['msg_1'])
  expect(readdirSync(join(folder, 'pending'))).toEqual([])
  await webhooks.close()
})
