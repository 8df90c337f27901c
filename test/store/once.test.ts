import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { PROCESS_NAME } from '../../src/process-name.ts'
import { diskStore } from '../../src/store/disk.ts'
import { once, type Making } from '../../src/store/once.ts'
import { entryFiles } from '../support/entries.ts'
import { project } from '../support/project.ts'

const KEY = sha256('key')
const DEAD = PROCESS_NAME.replace(/^\d+/, '4194305')

interface Work extends Making<unknown> {
  folder: string
  made: number
  claim(text: string): string
}

/** Work that puts its own number into a store, after a while. */
function work(patience = 60_000): Work {
  const folder = join(project().root, 'cache')
  const store = diskStore(folder)
  const all: Work = {
    folder,
    patience,
    made: 0,
    find: () => store.get(KEY)?.value,
    async make() {
      all.made++
      await sleep(100)
      return (await store.put(KEY, all.made)).value
    },
    claim(text) {
      mkdirSync(join(folder, 'v1', 'claims'), { recursive: true })
      const path = join(folder, 'v1', 'claims', KEY)
      writeFileSync(path, text)
      return path
    },
  }
  return all
}

test('what many want at once is made once', async () => {
  const all = work()
  expect(await Promise.all(Array.from({ length: 20 }, () => once(all.folder, KEY, all)))).toEqual(Array.from({ length: 20 }, () => 1))
  expect(all.made).toBe(1)
  expect(entryFiles(all.folder, 'claims')).toEqual([])
})

test('it is begun in the same turn, so that a batch stays one', () => {
  const all = work()
  const done = once(all.folder, KEY, all)
  expect(all.made).toBe(1)
  expect(readFileSync(join(all.folder, 'v1', 'claims', KEY), 'utf8')).toBe(`${PROCESS_NAME}-`)
  return done
})

test('a failure is told to the one who made it; the next one tries again', async () => {
  const all = work()
  const failing = { ...all, make: () => sleep(50).then(() => Promise.reject(new Error('no'))) }
  const [first, second] = await Promise.allSettled([once(all.folder, KEY, failing), once(all.folder, KEY, all)])
  expect(first).toMatchObject({ status: 'rejected', reason: new Error('no') })
  expect(second).toMatchObject({ status: 'fulfilled', value: 1 })
})

test.each([
  ['a process that has ended', `${DEAD}-`, 60_000],
  ['a process that makes no progress', `${PROCESS_NAME}-`, 300],
  ['nobody', '', 300],
])('the claim of %s holds up nobody', async (_, text, patience) => {
  const all = work(patience)
  all.claim(text)
  expect(await once(all.folder, KEY, all)).toBe(1)
  expect(entryFiles(all.folder, 'claims')).toEqual([])
})

test('someone who makes progress is waited for beyond all patience', async () => {
  const all = work(400)
  const path = all.claim(`${PROCESS_NAME}-`)
  const waiting = once(all.folder, KEY, all)
  const store = diskStore(all.folder)
  for (let index = 0; index < 12; index++) {
    await sleep(100)
    await store.put(sha256(String(index)), index)
  }
  expect(readFileSync(path, 'utf8')).toBe(`${PROCESS_NAME}-`)
  await store.put(KEY, 'theirs')
  expect(await waiting).toBe('theirs')
  expect(all.made).toBe(0)
})

test('where no claim can be written, work goes on without', async () => {
  const all = work()
  mkdirSync(join(all.folder, 'v1'), { recursive: true })
  writeFileSync(join(all.folder, 'v1', 'claims'), 'not a folder')
  expect(await once(all.folder, KEY, all)).toBe(1)
})
