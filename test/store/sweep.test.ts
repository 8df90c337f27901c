import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { processName } from '../../src/process-name.ts'
import { diskStore } from '../../src/store/disk.ts'
import { sweep } from '../../src/store/sweep.ts'
import { filesOf } from '../support/build.ts'
import { entryFiles, putsOf } from '../support/entries.ts'
import { project } from '../support/project.ts'

const MB = 1_000_000
const HOUR = 3_600_000
const keyOf = (name: string): string => sha256(`key ${name}`)

interface Filled {
  folder: string
  add(name: string, bytes: Buffer, usedAgo: number): Promise<string>
  left(): string[]
}

/** A store whose entries were used so many ms ago. */
function filled(): Filled {
  const folder = join(project().root, 'cache')
  const store = diskStore(folder)
  const names = new Set<string>()
  return {
    folder,
    async add(name, bytes, usedAgo) {
      names.add(name)
      const { blob } = await store.put(keyOf(name), name, bytes)
      const [record, data] = [
        join(folder, 'v1', 'ac', keyOf(name).slice(0, 2), `${keyOf(name)}.json`),
        join(folder, 'v1', 'cas', blob?.digest.slice(0, 2) ?? '', blob?.digest ?? ''),
      ]
      const then = new Date(Date.now() - usedAgo)
      for (const path of [record, data]) utimesSync(path, then, then)
      return data
    },
    left: () => [...names].filter((name) => entryFiles(folder, 'ac').some((path) => path.includes(keyOf(name)))),
  }
}

function sizeOf(folder: string): number {
  return [...filesOf(folder).values()].reduce((sum, { length }) => sum + length, 0)
}

/** Says that a process uses the store since some ms ago. */
function runSince(folder: string, pid: number, ago: number): void {
  const path = join(folder, 'v1', 'runs', `${processName(pid)}-ab`)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, '')
  const then = new Date(Date.now() - ago)
  utimesSync(path, then, then)
}

test('20 MB of entries come under a limit of 5 MB, least recently used first, and what is left is whole', async () => {
  const { folder, add, left } = filled()
  // Written in another order than used in.
  for (let index = 0; index < 40; index++) await add(String((index * 7) % 40), Buffer.alloc(MB / 2, index), ((index * 7) % 40) * HOUR)
  const { entries, bytes } = await sweep(folder, 5 * MB)
  expect(sizeOf(folder)).toBeLessThanOrEqual(5 * MB + 1000)
  expect(sizeOf(folder)).toBeGreaterThan(4 * MB)
  expect(
    left()
      .map(Number)
      .sort((a, b) => a - b),
  ).toEqual(Array.from({ length: 9 }, (_, index) => index))
  expect(entries).toBe(31)
  expect(bytes).toBeGreaterThan(15 * MB)
  const store = diskStore(folder)
  for (const name of left()) {
    const entry = store.get(keyOf(name))
    expect(entry?.blob && (await store.read(entry.key, entry.blob))).toHaveLength(MB / 2)
  }
  expect(store.damaged).toBe(0)
})

test('below the limit nothing is removed or looked at', async () => {
  const { folder, add, left } = filled()
  await add('a', Buffer.alloc(1000), 90 * 24 * HOUR)
  expect(await sweep(folder, 1400)).toEqual({ entries: 0, bytes: 0 })
  expect(left()).toEqual(['a'])
})

test('what was written is counted even if no run came to its end, and replaced entries are not counted for ever', async () => {
  const { folder, add, left } = filled()
  for (let index = 0; index < 20; index++) await add('same', Buffer.alloc(MB / 2, index), 2 * HOUR)
  await add('new', Buffer.alloc(MB / 2, 'x'), 0)
  expect(putsOf(folder)).toBe(21)
  await sweep(folder, 5 * MB)
  // The bytes that nothing names any more went, being old; both entries fit.
  expect(left()).toEqual(['same', 'new'])
  expect(sizeOf(folder)).toBeLessThan(1.1 * MB)
  expect(putsOf(folder)).toBe(1)
})

test('a count that is damaged is made anew', async () => {
  const { folder, add, left } = filled()
  for (const name of ['a', 'b', 'c']) await add(name, Buffer.alloc(MB, name), name === 'c' ? 0 : HOUR)
  writeFileSync(join(folder, 'v1', 'written'), 'nonsense\n12\n')
  await sweep(folder, 1.5 * MB)
  expect(left()).toEqual(['c'])
  expect(Number(readFileSync(join(folder, 'v1', 'written'), 'utf8'))).toBeGreaterThan(MB)
})

test('bytes that two entries share stay while one of them does', async () => {
  const { folder, add, left } = filled()
  const shared = Buffer.alloc(MB, 's')
  await add('old', shared, 5 * HOUR)
  const path = await add('young', shared, HOUR)
  await add('other', Buffer.alloc(MB, 'o'), 3 * HOUR)
  await sweep(folder, 1.2 * MB)
  expect(left()).toEqual(['young'])
  expect(existsSync(path)).toBe(true)
  await sweep(folder, 1000)
  expect(existsSync(path)).toBe(false)
})

test('what another running process has used since its start survives, what a gone one has used does not', async () => {
  const { folder, add, left } = filled()
  await add('before', Buffer.alloc(MB, 1), 5 * HOUR)
  await add('used', Buffer.alloc(MB, 2), 2.5 * HOUR)
  await sweep(folder, 10 * MB)
  const other = spawn('sleep', ['60'])
  onTestFinished(() => void other.kill())
  runSince(folder, other.pid ?? 0, 2 * HOUR)
  await sweep(folder, 1000)
  expect(left()).toEqual(['used'])
  runSince(folder, other.pid ?? 0, HOUR / 2)
  runSince(folder, 4_194_305, 2 * HOUR)
  await sweep(folder, 1000)
  expect(left()).toEqual([])
})

test('what a running process only looks at counts as used, however young it is', async () => {
  const { folder, add, left } = filled()
  await add('read', Buffer.alloc(MB, 1), 2 * HOUR)
  await add('unread', Buffer.alloc(MB, 2), 2 * HOUR)
  const other = spawn('sleep', ['60'])
  onTestFinished(() => void other.kill())
  runSince(folder, other.pid ?? 0, HOUR / 2)
  diskStore(folder).get(keyOf('read'))
  await sweep(folder, 1000)
  expect(left()).toEqual(['read'])
})

test('bytes without a record go after an hour', async () => {
  const { folder, add } = filled()
  const paths = [await add('old', Buffer.alloc(1000, 1), 2 * HOUR), await add('young', Buffer.alloc(1000, 2), HOUR / 2)]
  for (const path of entryFiles(folder, 'ac')) writeFileSync(path, 'damage')
  await sweep(folder, 1500)
  expect(paths.map((path) => existsSync(path))).toEqual([false, true])
})

test('thousands of entries do not run out of open files', async () => {
  const { folder, add, left } = filled()
  for (let index = 0; index < 300; index++) await add(String(index), Buffer.from(String(index)), HOUR)
  const records = entryFiles(folder, 'ac')
  // The limit cannot be lowered from inside: in a shell that has lowered it, everything is asked for at once.
  const script = `import { sweep } from ${JSON.stringify(new URL('../../dist/store/sweep.js', import.meta.url).href)}; await sweep(${JSON.stringify(folder)}, 1)`
  const { status, stderr } = spawnSync('bash', ['-c', `ulimit -n 128; exec "$0" --input-type=module -e '${script}'`, process.execPath], {
    encoding: 'utf8',
  })
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  expect(records).toHaveLength(300)
  expect(left()).toEqual([])
})

test('nothing but the store is touched', async () => {
  const { folder, add } = filled()
  await add('a', Buffer.alloc(1000), HOUR)
  writeFileSync(join(folder, 'mine.txt'), 'x')
  await sweep(folder, 1)
  expect(readdirSync(folder).sort()).toEqual(['mine.txt', 'v1'])
  expect(statSync(join(folder, 'v1', 'written')).isFile()).toBe(true)
})
