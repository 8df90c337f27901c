import { linkSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { readSource } from '../../src/source/read.ts'
import { diskStore } from '../../src/store/disk.ts'
import type { Source } from '../../src/types.ts'
import { buildVite } from '../support/build.ts'
import { putsOf } from '../support/entries.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const AGO = new Date(Date.now() - 3_600_000)

interface Reading {
  file: string
  folder: string
  read(): Promise<Source>
  /** Writes another size into the memo, so that an answer tells whether the memo was trusted. */
  mark(size_bytes: number): Promise<void>
}

/** Reads a source and waits until it is remembered. */
async function readIn(file: string, folder: string): Promise<Source> {
  const writing: Promise<unknown>[] = []
  const source = await readSource(file, {
    store: diskStore(folder),
    inspect: () => Promise.reject(new Error('a JPEG needs no decoder')),
    once: (_, work) => work(),
    later: (work) => void writing.push(work()),
  })
  await Promise.all(writing)
  return source
}

async function reading(): Promise<Reading> {
  const { root, write } = project()
  const file = write('a.jpg', await jpeg(60, 40))
  const folder = join(root, 'cache')
  const store = diskStore(folder)
  const read = (): Promise<Source> => readIn(file, folder)
  const key = sha256(`source 2 ${file}`)
  return {
    file,
    folder,
    read,
    async mark(size_bytes) {
      const value = JSON.stringify(store.get(key)?.value).replace(/"size_bytes":\d+/, `"size_bytes":${size_bytes}`)
      await store.put(key, JSON.parse(value))
    },
  }
}

/** Long enough for a file to be out of doubt. */
const settle = (): Promise<void> => sleep(2100)

/** Another image of the same length: only its digest tells. */
function replaceWithin(file: string): void {
  const bytes = readFileSync(file)
  const at = bytes.length - 10
  bytes[at] = (bytes[at] ?? 0) ^ 1
  writeFileSync(file, bytes)
}

test('what is read says what the file is', async () => {
  const { file, read } = await reading()
  const bytes = readFileSync(file)
  expect(await read()).toEqual({
    file,
    digest: sha256(bytes),
    size_bytes: bytes.length,
    header: { format: 'jpeg', width: 60, height: 40, orientation: 1, frames: 1, alpha: false },
  })
})

test('a file that has not changed for a while is not looked into again', async () => {
  const { read, mark } = await reading()
  await settle()
  await read()
  await mark(999)
  expect((await read()).size_bytes).toBe(999)
})

test('a file that changed just before it was read is looked into again: it may have changed once more in the same tick', async () => {
  const { read, mark } = await reading()
  const first = await read()
  await mark(999)
  expect(await read()).toEqual(first)
})

test('a change right after the file was read is noticed, though size and times may be the same', async () => {
  const { file, read } = await reading()
  const first = await read()
  const { atime, mtime } = statSync(file)
  replaceWithin(file)
  utimesSync(file, atime, mtime)
  const second = await read()
  expect(second.digest).not.toBe(first.digest)
  expect(second.digest).toBe(sha256(readFileSync(file)))
})

test('a change of the bytes with size and mtime kept is noticed at any later time', async () => {
  const { file, read } = await reading()
  utimesSync(file, AGO, AGO)
  await settle()
  const first = await read()
  replaceWithin(file)
  utimesSync(file, AGO, AGO)
  await settle()
  expect((await read()).digest).not.toBe(first.digest)
})

test('a new mtime alone means another look, but the same source', async () => {
  const { file, read } = await reading()
  await settle()
  const first = await read()
  utimesSync(file, AGO, AGO)
  expect(await read()).toEqual(first)
})

test('another file under the same name is another source, even an older one', async () => {
  const { file, read } = await reading()
  const other = `${file}.other`
  writeFileSync(other, await jpeg(60, 40, 2))
  utimesSync(other, AGO, AGO)
  await settle()
  const first = await read()
  renameSync(other, file)
  const second = await read()
  expect(second.digest).not.toBe(first.digest)
  expect(second.digest).toBe(sha256(readFileSync(file)))
})

test('a hard link is the same source under another name; a file that is gone is an error with a code', async () => {
  const { file, folder, read } = await reading()
  const { digest } = await read()
  linkSync(file, `${file}.link.jpg`)
  const linked = await readIn(`${file}.link.jpg`, folder)
  expect(linked.digest).toBe(digest)
  rmSync(file)
  await expect(read()).rejects.toMatchObject({ code: 'SOURCE_NOT_FOUND' })
  await expect(readIn(folder, folder)).rejects.toMatchObject({ code: 'SOURCE_UNREADABLE' })
})

test('a damaged memo is no memo', async () => {
  const { folder, file, read } = await reading()
  await settle()
  const first = await read()
  await diskStore(folder).put(sha256(`source 2 ${file}`), { identity: 'nonsense', source: { digest: 1 } })
  expect(await read()).toEqual(first)
})

test('neither a new mtime nor another name makes an image anew', async () => {
  const { root, write } = await gallery({ photos: 1 })
  await buildVite(root, { options: { manifest: false } })
  const before = putsOf(join(root, CACHE))
  utimesSync(join(root, 'photo-0.jpg'), AGO, AGO)
  await buildVite(root, { options: { manifest: false } })
  expect(putsOf(join(root, CACHE))).toBe(before + 1)
  renameSync(join(root, 'photo-0.jpg'), join(root, 'renamed.jpg'))
  write('main.js', readFileSync(join(root, 'main.js'), 'utf8').replace('photo-0', 'renamed'))
  const files = await buildVite(root, { options: { manifest: false } })
  expect(putsOf(join(root, CACHE))).toBe(before + 2)
  expect([...files.keys()].filter((name) => name.includes('renamed'))).toHaveLength(9)
})
