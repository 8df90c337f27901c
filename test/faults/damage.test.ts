import { readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLogger } from 'vite'
import { describe, expect, test } from 'vitest'
import { buildVite, digestsOf } from '../support/build.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { rounds, seeded } from '../support/faults.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { DAMAGES } from '../store/contract.ts'

const OUTPUTS = 36
const SOURCES = 4
/** Outputs whose record and bytes are damaged, for each kind of damage. */
const COUNT = rounds(20, 100)

/** Builds and answers the files of the page and the closing summary. */
async function build(root: string): Promise<{ files: Map<string, Buffer>; summary: string }> {
  const lines: string[] = []
  const customLogger = { ...createLogger('silent'), info: (line: string) => void lines.push(line) }
  const files = await buildVite(root, { options: { logLevel: 'info', manifest: false }, config: { customLogger } })
  return { files, summary: lines.join('\n') }
}

describe.each(Object.keys(DAMAGES))('%s', (name) => {
  const damage = (files: string[]): void => {
    const pairs = name.includes('swap')
      ? files.filter((_, index) => index % 2 === 0).map((path, index) => [path, files[2 * index + 1] ?? path] as const)
      : files.map((path) => [path, path] as const)
    for (const [path, other] of pairs) DAMAGES[name]?.(path, other)
  }

  test.each([
    ['ac', OUTPUTS + SOURCES, OUTPUTS],
    ['cas', OUTPUTS, OUTPUTS],
  ] as const)('of every file in %s is found, reported and healed', async (kind, count, made) => {
    const { root } = await gallery()
    const clean = await build(root)
    const files = entryFiles(join(root, CACHE), kind)
    expect(files).toHaveLength(count)
    damage(files)
    const healed = await build(root)
    expect(digestsOf(healed.files)).toEqual(digestsOf(clean.files))
    expect(healed.summary).toContain(`0 hits, ${made} made, ${count} damaged entries healed`)
    expect(damagedFiles(join(root, CACHE))).toEqual([])
    expect(entryFiles(join(root, CACHE), kind)).toEqual(files)
    const warm = await build(root)
    expect(digestsOf(warm.files)).toEqual(digestsOf(clean.files))
    expect(warm.summary).toMatch(new RegExp(`${OUTPUTS} hits, 0 made$`, 'm'))
  })
})

test('records and bytes that are damaged together are healed together', async () => {
  const { root } = await gallery()
  const clean = await build(root)
  for (const path of [...entryFiles(join(root, CACHE), 'ac'), ...entryFiles(join(root, CACHE), 'cas')])
    DAMAGES['an empty file']?.(path, path)
  expect(digestsOf((await build(root)).files)).toEqual(digestsOf(clean.files))
  expect(damagedFiles(join(root, CACHE))).toEqual([])
})

/** The four that the files of a disk suffer, at a place that is never the same. */
const ON_DISK = ['flip', 'truncate', 'zero', 'swap'] as const

test.each(ON_DISK)(`%s, at random places of ${2 * COUNT} files: all are found, reported, healed, and never shipped`, async (name) => {
  const random = seeded(3)
  const { root } = await gallery({ photos: COUNT / 10, query: 'w=16;20;24;28;32&format=webp;jpeg', px: 40 })
  const clean = await build(root)
  for (const kind of ['ac', 'cas'] as const) {
    // The records of outputs; those of sources are damaged above.
    const files = entryFiles(join(root, CACHE), kind).filter((path) => kind === 'cas' || readFileSync(path, 'utf8').includes('"blob"'))
    expect(files).toHaveLength(COUNT)
    const before = files.map((path) => readFileSync(path))
    for (const [index, path] of files.entries()) {
      const bytes = before[index] ?? Buffer.alloc(0)
      const at = Math.floor(random() * bytes.length)
      if (name === 'truncate') truncateSync(path, at)
      else if (name === 'swap') writeFileSync(path, before[index ^ 1] ?? bytes)
      else writeFileSync(path, name === 'zero' ? Buffer.alloc(bytes.length) : flipped(bytes, at, 1 << Math.floor(random() * 8)))
    }
    expect(damagedFiles(join(root, CACHE))).toEqual(files)
    const healed = await build(root)
    expect(digestsOf(healed.files)).toEqual(digestsOf(clean.files))
    expect(healed.summary).toContain(`0 hits, ${COUNT} made, ${COUNT} damaged entries healed`)
    expect(damagedFiles(join(root, CACHE))).toEqual([])
    if (kind === 'cas') expect(files.map((path) => readFileSync(path))).toEqual(before)
  }
})

function flipped(bytes: Buffer, at: number, bit: number): Buffer {
  const other = Buffer.from(bytes)
  other[at] = (other[at] ?? 0) ^ bit
  return other
}
