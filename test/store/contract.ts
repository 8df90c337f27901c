import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../src/hash.ts'
import { blobFile, recordFile } from '../../src/store/disk.ts'
import type { Blob, Entry, Store } from '../../src/store/store.ts'

/** A damage to one file of an entry; `other` is the same file of another entry. */
export const DAMAGES: Record<string, (path: string, other: string) => void> = {
  'a flipped bit': (path) => {
    const bytes = readFileSync(path)
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1
    writeFileSync(path, bytes)
  },
  'a lost end': (path) => truncateSync(path, readFileSync(path).length - 1),
  'something after the end': (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from('\n')])),
  'an empty file': (path) => truncateSync(path, 0),
  'a swap with another entry': (path, other) => {
    const [own, its] = [readFileSync(path), readFileSync(other)]
    writeFileSync(path, its)
    writeFileSync(other, own)
  },
  'a folder in its place': (path) => {
    rmSync(path)
    mkdirSync(path)
    writeFileSync(join(path, 'file'), 'x')
  },
}

/** A store of this machine or of others, and where its files are. */
export interface Subject {
  get(key: string): Entry | undefined | Promise<Entry | undefined>
  read(key: string, blob: Blob): Promise<Buffer | undefined>
  put(key: string, value: unknown, bytes?: Uint8Array): Promise<Entry>
  readonly damaged: number
  close(): Promise<void>
  /** Folder that holds all of it. */
  root: string
  record(key: string): string
  blob(digest: string): string
}

/** A store in a folder, as it is on the disk. */
export function onDisk(store: Store): Subject {
  const root = join(store.folder, 'v1')
  return Object.assign(Object.create(store) as Store, {
    root,
    record: (key: string) => recordFile(root, key),
    blob: (digest: string) => blobFile(root, digest),
  })
}

/** What every store owes its users. */
export function testStore(name: string, open: () => Promise<Subject>, damages: readonly string[] = Object.keys(DAMAGES)): void {
  describe(name, () => {
    let store: Subject
    const key = (text: string): string => sha256(text)
    const bytesOf = (text: string): Buffer => Buffer.from(`bytes of ${text}`)
    const put = (text: string): Promise<Entry> => store.put(key(text), { text }, bytesOf(text))
    const read = ({ key: name, blob }: Entry): Promise<Buffer | undefined> => (blob ? store.read(name, blob) : Promise.resolve(undefined))

    const blobOf = ({ blob }: Entry): string => store.blob(blob?.digest ?? '')

    beforeEach(async () => {
      store = await open()
      return () => store.close()
    })

    test('what was put is there, value and bytes', async () => {
      const entry = await put('a')
      expect(await store.get(key('a'))).toEqual({
        key: key('a'),
        value: { text: 'a' },
        blob: { digest: sha256(bytesOf('a')), size_bytes: 10 },
      })
      expect(await read(entry)).toEqual(bytesOf('a'))
      expect(store.damaged).toBe(0)
    })

    test('a value needs no bytes, and may be any JSON', async () => {
      for (const value of [null, 0, 'text\nof two lines', [1, { deep: ['ä', '\u2028'] }], {}]) {
        await store.put(key('v'), value)
        expect(await store.get(key('v'))).toEqual({ key: key('v'), value })
      }
    })

    test('what was never put is missing, not damaged', async () => {
      expect(await store.get(key('nothing'))).toBeUndefined()
      expect(store.damaged).toBe(0)
    })

    test('no bytes at all are bytes too', async () => {
      const entry = await store.put(key('empty'), {}, Buffer.alloc(0))
      expect(await read(entry)).toEqual(Buffer.alloc(0))
    })

    test('the last one to put wins, even when many do at once', async () => {
      await Promise.all(Array.from({ length: 30 }, (_, index) => store.put(key('a'), index, bytesOf('a'))))
      const entry = await store.put(key('a'), 'last', bytesOf('b'))
      expect((await store.get(key('a')))?.value).toBe('last')
      expect(await read(entry)).toEqual(bytesOf('b'))
    })

    test('two keys can have the same bytes', async () => {
      const [a, b] = [await store.put(key('a'), 1, bytesOf('same')), await store.put(key('b'), 2, bytesOf('same'))]
      expect(await read(a)).toEqual(await read(b))
    })

    test('bytes that are gone are forgotten with their key', async () => {
      const entry = await put('a')
      rmSync(blobOf(entry))
      expect(await read(entry)).toBeUndefined()
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await read(await put('a'))).toEqual(bytesOf('a'))
    })

    test.each(damages)('%s of a record: missing, counted, healed by the next put', async (damage) => {
      const [entry] = [await put('a'), await put('b')]
      DAMAGES[damage]?.(store.record(key('a')), store.record(key('b')))
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await store.get(key('a'))).toBeUndefined()
      expect(store.damaged).toBe(1)
      await put('a')
      expect(await store.get(key('a'))).toEqual(entry)
    })

    test.each(damages)('%s of bytes: missing, counted, healed by the next put', async (damage) => {
      const [entry, other] = [await put('a'), await put('b')]
      DAMAGES[damage]?.(blobOf(entry), blobOf(other))
      expect(await read(entry)).toBeUndefined()
      expect(await store.get(key('a'))).toBeUndefined()
      expect(store.damaged).toBe(1)
      await put('a')
      expect(await read(entry)).toEqual(bytesOf('a'))
    })
  })
}

/** What a folder is owed besides, in which other programs make a mess. */
export function testFolder(name: string, open: () => Promise<Subject>): void {
  describe(name, () => {
    let store: Subject
    const key = (text: string): string => sha256(text)
    const bytesOf = (text: string): Buffer => Buffer.from(`bytes of ${text}`)
    const put = (text: string): Promise<Entry> => store.put(key(text), { text }, bytesOf(text))
    const read = ({ key: name, blob }: Entry): Promise<Buffer | undefined> => (blob ? store.read(name, blob) : Promise.resolve(undefined))

    beforeEach(async () => {
      store = await open()
      return () => store.close()
    })

    test('a folder where bytes are put first goes away', async () => {
      const path = store.blob(sha256(bytesOf('a')))
      mkdirSync(join(path, 'inside'), { recursive: true })
      expect(await read(await put('a'))).toEqual(bytesOf('a'))
    })

    test('the folder may be emptied at any time', async () => {
      const entry = await put('a')
      rmSync(store.root, { recursive: true })
      expect(await store.get(key('a'))).toBeUndefined()
      expect(await read(entry)).toBeUndefined()
      await put('first')
      const puts = Promise.all(Array.from({ length: 50 }, (_, index) => put(String(index))))
      for (const away of ['away-1', 'away-2']) {
        await sleep(2)
        if (existsSync(store.root)) renameSync(store.root, join(dirname(store.root), away))
      }
      expect(await puts).toHaveLength(50)
      expect(await read(await put('a'))).toEqual(bytesOf('a'))
    })
  })
}
