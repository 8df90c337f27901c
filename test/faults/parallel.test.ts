import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { damagedFiles, entryFiles, putsOf } from '../support/entries.ts'
import { rounds } from '../support/faults.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { startBuild, until } from '../support/processes.ts'

const options = { manifest: false as const, logLevel: 'warn' as const, cache: { dir: 'cache' } }

const ROUNDS = rounds(1, 20)

test.each([2, 4])(`%i builds at once on one cold cache, ${ROUNDS} times: the same files, no complaint`, async (count) => {
  const { root } = await gallery()
  const clean = await buildVite(root, { options: { ...options, cache: { dir: 'other' } } })
  const outDirs = Array.from({ length: count }, (_, index) => `dist-${index}`)
  for (let round = 0; round < ROUNDS; round++) {
    rmSync(join(root, 'cache'), { recursive: true, force: true })
    const ended = await Promise.all(outDirs.map((outDir) => startBuild(root, { options, outDir }).ended))
    expect(ended).toEqual(ended.map(() => ({ code: 0, signal: null, output: expect.not.stringMatching(/^imagemill: /m) })))
    for (const outDir of outDirs) expect(digestsOf(filesOf(join(root, outDir)))).toEqual(digestsOf(clean))
    expect(damagedFiles(join(root, 'cache'))).toEqual([])
    expect(entryFiles(join(root, 'cache'), 'cas')).toHaveLength(36)
    expect(entryFiles(join(root, 'cache'), 'tmp')).toEqual([])
    // Each output once in all; what is known of each photograph, once in each build.
    expect(putsOf(join(root, 'cache'))).toBeLessThanOrEqual(36 + 4 * count)
    expect(entryFiles(join(root, 'cache'), 'claims')).toEqual([])
  }
})

test('builds beside one whose limit is far too small still have all their images', async () => {
  const { root } = await gallery()
  const clean = await buildVite(root, { options: { ...options, cache: { dir: 'other' } } })
  const limits = [1000, 2e9, 5000]
  const ended = await Promise.all(
    limits.map(
      (maxSize, index) => startBuild(root, { options: { ...options, cache: { dir: 'cache', maxSize } }, outDir: `dist-${index}` }).ended,
    ),
  )
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0])
  for (const index of limits.keys()) expect(digestsOf(filesOf(join(root, `dist-${index}`)))).toEqual(digestsOf(clean))
})

test('a build that waits for images of another goes on by itself when that one is killed', async () => {
  const { root } = await gallery({ query: 'w=64;96;128&format=avif;webp', px: 160 })
  const clean = await buildVite(root, { options: { ...options, cache: { dir: 'other' } } })
  const first = startBuild(root, { options, outDir: 'dist-0' })
  await until('the first has begun', () => existsSync(join(root, 'cache', 'v1', 'claims')))
  const second = startBuild(root, { options, outDir: 'dist-1' })
  await Promise.race([until('the second is there, too', () => entryFiles(join(root, 'cache'), 'runs').length === 2), first.ended])
  first.child.kill('SIGKILL')
  expect(await second.ended).toMatchObject({ code: 0 })
  expect(digestsOf(filesOf(join(root, 'dist-1')))).toEqual(digestsOf(clean))
  // What the first had finished but not let go of is let go of by the next run.
  await startBuild(root, { options }).ended
  expect(entryFiles(join(root, 'cache'), 'claims')).toEqual([])
})

test('two instances of the plugin that build in one process at once make the same files, each once', async () => {
  const { root } = await gallery()
  const built = await Promise.all(
    ['dist-a', 'dist-b'].map((outDir) => buildVite(root, { options: { manifest: false }, config: { build: { outDir } } })),
  )
  const [a, b] = built.map(digestsOf)
  expect(a).toEqual(b)
  expect(damagedFiles(join(root, CACHE))).toEqual([])
  expect(putsOf(join(root, CACHE))).toBeLessThanOrEqual(36 + 4 * 2)
})
