import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { PROCESS_NAME } from '../../src/process-name.ts'
import { diskStore } from '../../src/store/disk.ts'
import { openStore, temporaryStore } from '../../src/store/open.ts'
import { entryFiles } from '../support/entries.ts'
import { project } from '../support/project.ts'
import { onDisk, testFolder, testStore } from './contract.ts'

const cache = (): string => join(project().root, 'cache')
/** A name as a process of this machine has it that has ended: no id is as high. */
const DEAD = PROCESS_NAME.replace(/^\d+/, '4194305')
const STRANGER = '17-00000000-ab'

const OPEN = {
  diskStore: async () => onDisk(diskStore(cache())),
  openStore: async () => onDisk(await openStore(cache())),
  temporaryStore: async () => onDisk(await temporaryStore(diskStore(cache()))),
}

for (const [name, open] of Object.entries(OPEN)) {
  testStore(name, open)
  testFolder(name, open)
}

test('a temporary store reads what is below, writes above, and leaves nothing', async () => {
  const below = diskStore(cache())
  const old = await below.put(sha256('old'), 1, Buffer.from('old'))
  const store = await temporaryStore(below)
  await store.put(sha256('new'), 2, Buffer.from('new'))
  expect(store.get(sha256('old'))).toEqual(old)
  expect(old.blob && (await store.read(old.key, old.blob))?.toString()).toBe('old')
  expect(store.get(sha256('new'))?.value).toBe(2)
  expect(below.get(sha256('new'))).toBeUndefined()
  expect(existsSync(store.folder)).toBe(true)
  await store.close()
  expect(existsSync(store.folder)).toBe(false)
})

test('what processes that are gone left behind is removed; what others may still need is not', async () => {
  const folder = cache()
  const [temp, runs] = [join(folder, 'v1', 'tmp'), join(folder, 'v1', 'runs')]
  for (const path of [temp, runs]) {
    mkdirSync(path, { recursive: true })
    for (const name of [`${DEAD}-1`, `${PROCESS_NAME}-2`, STRANGER, `${STRANGER}-old`]) writeFileSync(join(path, name), '')
    utimesSync(join(path, `${STRANGER}-old`), new Date(0), new Date(0))
  }
  mkdirSync(join(temp, `${DEAD}-3`))
  const abandoned = join(tmpdir(), `imagemill-${DEAD}-x`)
  mkdirSync(abandoned)
  const store = await openStore(folder)
  expect(readdirSync(temp).sort()).toEqual([`${PROCESS_NAME}-2`, STRANGER].sort())
  expect(readdirSync(runs)).toHaveLength(3)
  await store.close()
  expect(readdirSync(runs).sort()).toEqual([`${PROCESS_NAME}-2`, STRANGER].sort())
  const temporary = await temporaryStore(store)
  expect(existsSync(abandoned)).toBe(false)
  await temporary.close()
})

test('backup programs are told to leave the folder out', async () => {
  const folder = cache()
  await openStore(folder)
  expect(readFileSync(join(folder, 'CACHEDIR.TAG'), 'utf8')).toMatch(/^Signature: 8a477f597d28d172789f06886806bc55\n/)
})

test('a file in the place of the folder is an error with a code', async () => {
  const { write } = project()
  await expect(openStore(write('cache', 'not a folder'))).rejects.toMatchObject({
    code: 'STORE_UNUSABLE',
    retryable: true,
    hint: expect.stringContaining('cache.dir'),
  })
})

test('the last use of an entry is known to the hour', async () => {
  const folder = cache()
  await diskStore(folder).put(sha256('a'), 1)
  const [path = ''] = entryFiles(folder, 'ac')
  const hourAgo = new Date(Date.now() - 3_700_000)
  utimesSync(path, hourAgo, hourAgo)
  const store = diskStore(folder)
  store.get(sha256('a'))
  const used = statSync(path).mtimeMs
  expect(used).toBeGreaterThan(hourAgo.getTime() + 1000)
  store.get(sha256('a'))
  expect(statSync(path).mtimeMs).toBe(used)
})
