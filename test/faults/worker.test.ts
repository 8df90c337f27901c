import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { rounds, seeded } from '../support/faults.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { SLOW, outputOf, pool, sourceOf } from '../support/jobs.ts'
import { isRunning, startBuild, until, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'

const options = { manifest: false as const, logLevel: 'warn' as const }
const KILLS = rounds(4, 20)

test(`engine processes that are killed ${KILLS} times at random moments are missed by no build`, async () => {
  const { root } = await gallery({ query: 'w=16;24;32;64;128&format=avif;webp;jpeg', px: 160 })
  const clean = await buildVite(root, { options: { ...options, cache: { dir: 'other' } } })
  const random = seeded(5)
  let kills = 0
  for (let round = 0; kills < KILLS; round++) {
    const cache = { dir: `cache-${round}` }
    const { child, ended } = startBuild(root, { options: { ...options, cache, concurrency: 2 } })
    let over = false
    void ended.then(() => (over = true))
    // One of each build: an image at which two died would rightly fail.
    const isThere = (): boolean => over || workersOf(child.pid).length > 0
    await until('a process is there', isThere)
    await sleep(random() * 500)
    const [victim] = workersOf(child.pid)
    if (victim !== undefined && !over) kills += Number(process.kill(victim, 'SIGKILL'))
    expect(await ended).toEqual({ code: 0, signal: null, output: expect.not.stringMatching(/^imagemill: /m) })
    expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
    expect(damagedFiles(join(root, cache.dir))).toEqual([])
    expect(entryFiles(join(root, cache.dir), 'claims')).toEqual([])
  }
})

/** A project whose `?transform=bad` does to the process that makes it what `code` says, for `bad.jpg` alone. */
async function transformed(code: string): Promise<{ root: string; options: object }> {
  const { root, write } = await gallery({ photos: 2, query: 'w=16;24&format=webp&transform=bad' })
  write('bad.js', `export default async (image) => {\n${code}\nreturn image\n}\n`)
  return { root, options: { ...options, transforms: { bad: './bad.js' }, limits: { timeout: 1500 } } }
}

test('a process that aborts at an image, every time: two tries, then an error that names it; nothing hangs', async () => {
  const { root, options: given } = await transformed('process.abort()')
  const { code, output } = await startBuild(root, { options: given }).ended
  expect(code).toBe(1)
  expect(output).toMatch(/\[WORKER_CRASHED\] photo-\d\.jpg\?.*SIGABRT/)
  expect(output).not.toContain('at Object.')
})

test('a process that aborts once: its images are made by the next one', async () => {
  const { root, options: given } = await transformed(
    "const { existsSync, writeFileSync } = await import('node:fs')\nconst flag = new URL('aborted', import.meta.url)\nif (!existsSync(flag)) { writeFileSync(flag, ''); process.abort() }",
  )
  expect(await startBuild(root, { options: given }).ended).toMatchObject({ code: 0 })
  expect([...filesOf(join(root, 'dist')).keys()].filter((name) => name.endsWith('.webp'))).toHaveLength(4)
})

test.each([
  ['computes for ever', 'for (;;);'],
  ['waits for ever', 'await new Promise(() => {})'],
])('a process that %s is stopped when its time is over, and the build says so', async (_, code) => {
  const { root, options: given } = await transformed(code)
  const { child, ended } = startBuild(root, { options: given })
  await until('a process is there', () => workersOf(child.pid).length > 0)
  const workers = workersOf(child.pid)
  const result = await ended
  expect(result.code).toBe(1)
  expect(result.output).toMatch(/\[TIMEOUT\] photo-\d\.jpg\?.*within 1\.5 s/)
  await until('they are gone', () => !workers.some(isRunning))
})

test('a build that is killed while a transform computes for ever leaves nobody behind', async () => {
  const { root, options: given } = await transformed(
    "(await import('node:fs')).writeFileSync(new URL('begun', import.meta.url), '')\nfor (;;);",
  )
  const { child, ended } = startBuild(root, { options: { ...given, limits: { timeout: 600_000 } } })
  await until('it computes', () => existsSync(join(root, 'begun')))
  const workers = workersOf(child.pid)
  child.kill('SIGKILL')
  await until('they are gone', () => !workers.some(isRunning))
  await ended
})

test('a process that is stopped as by a debugger: its image fails in time, the others are made', async () => {
  const { root, write } = project()
  const [slow, other] = [sourceOf(write('a.jpg', await jpeg(200, 200, 1))), sourceOf(write('b.jpg', await jpeg(200, 200, 2)))]
  const queue = pool({ timeout: 1500 })
  const hung = queue.encode(slow, outputOf(slow, 2000, SLOW), join(root, 'cache')).catch((error: unknown) => error)
  await until('a process is there', () => workersOf().length > 0)
  await sleep(500)
  const [victim = 0] = workersOf()
  process.kill(victim, 'SIGSTOP')
  const made = await Promise.all([50, 51, 52].map((width) => queue.encode(other, outputOf(other, width), join(root, 'cache'))))
  expect(made).toHaveLength(3)
  expect(await hung).toMatchObject({ code: 'TIMEOUT', retryable: true })
  await until('it is gone', () => !isRunning(victim))
})

test('a process that loses memory is replaced before it has lost much, and its images are right', async () => {
  const { root, write } = project({ 'index.html': '<script type="module" src="/main.js"></script>' })
  const leak = 100_000_000
  write(
    'leak.js',
    `globalThis.lost = []\nexport default (image) => {\n  globalThis.lost.push(Buffer.alloc(${leak}, 1))\n  return image\n}\n`,
  )
  const names = Array.from({ length: 12 }, (_, index) => `photo-${index}.jpg`)
  for (const [index, name] of names.entries()) write(name, await jpeg(40, 40, index + 1))
  const imports = names.map((name, index) => `import p${index} from './${name}?w=20&format=png&transform=leak&as=url'`)
  write('main.js', `${imports.join('\n')}\ndocument.title = [${names.map((_, index) => `p${index}`).join(', ')}]`)
  const given = { ...options, transforms: { leak: './leak.js' }, concurrency: 1 }
  const { child, ended } = startBuild(root, { options: given })
  let [most, over] = [0, false]
  const seen = new Set<number>()
  void ended.then(() => (over = true))
  while (!over) {
    for (const pid of workersOf(child.pid)) {
      seen.add(pid)
      most = Math.max(most, memoryOf(pid))
    }
    await sleep(5)
  }
  expect(await ended).toMatchObject({ code: 0 })
  expect(filesOf(join(root, 'dist')).size).toBe(14)
  expect(seen.size).toBeGreaterThan(1)
  // The 500 MB that it may hold, what it does beside, and the image at which it is over.
  expect(most).toBeLessThan(800_000_000)
  expect(damagedFiles(join(root, CACHE))).toEqual([])
})

/** Resident bytes of a process. */
function memoryOf(pid: number): number {
  try {
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

test('the deadline of AVIF at effort 9 and 24 megapixels is kept: failed in time, its process gone, the others unharmed', async () => {
  const { root, write } = project()
  const [large, small] = [sourceOf(write('large.jpg', await jpeg(6000, 4000))), sourceOf(write('small.jpg', await jpeg(200, 200, 2)))]
  const queue = pool({ timeout: 2000 })
  const others = [40, 41].map((width) => queue.encode(small, outputOf(small, width), join(root, 'cache')))
  // Processes are there and warm; the image is decoded, too, in the time that it has.
  await Promise.all(others)
  const since = performance.now()
  const failed = queue
    .encode(large, outputOf(large, 6000, { format: 'avif', effort: 9 }), join(root, 'cache'))
    .catch((error: unknown) => error)
  const beside = queue.encode(small, outputOf(small, 100), join(root, 'cache'))
  const pids = workersOf()
  expect(await failed).toMatchObject({ code: 'TIMEOUT', hint: expect.stringContaining('limits.timeout') })
  // 2 s from the moment when the source is read; reading and hashing it is not meant by the limit.
  expect(performance.now() - since).toBeLessThan(2000 + 1500)
  expect(await beside).toHaveProperty('digest')
  await until('it is gone', () => pids.filter(isRunning).length < 2)
  expect(entryFiles(join(root, 'cache'), 'tmp')).toEqual([])
})
