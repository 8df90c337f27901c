import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { entryFiles } from '../support/entries.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { readOnly, smallDisk } from '../support/mounts.ts'
import { startBuild } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { DAMAGES } from '../store/contract.ts'

const options = { manifest: false as const, logLevel: 'warn' as const }
const NOT_HERE = 'nothing can be mounted here, so this was not tested'

/** Builds in a process of its own whose temporary folder is `temp`; answers what it printed. */
async function build(
  root: string,
  temp: string,
): Promise<{ code: number | null; warnings: string[]; output: string; files: Map<string, Buffer> }> {
  const { code, output } = await startBuild(root, { options, env: { TMPDIR: temp } }).ended
  return {
    code,
    output,
    warnings: output.split('\n').filter((line) => line.startsWith('imagemill: ')),
    files: existsSync(join(root, 'dist')) ? filesOf(join(root, 'dist')) : new Map(),
  }
}

async function prepare(): Promise<{ root: string; temp: string; clean: Map<string, Buffer> }> {
  const { root } = await gallery()
  const clean = await buildVite(root, { options })
  rmSync(join(root, 'dist'), { recursive: true })
  return { root, temp: project().root, clean }
}

test('a file in the place of the cache folder: one warning, a correct build, nothing left behind', async () => {
  const { root, temp, clean } = await prepare()
  rmSync(join(root, CACHE), { recursive: true })
  writeFileSync(join(root, CACHE), 'not a folder')
  const { code, warnings, files, output } = await build(root, temp)
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('built') })
  expect(digestsOf(files)).toEqual(digestsOf(clean))
  expect(warnings).toEqual([
    expect.stringMatching(/\[STORE_UNUSABLE\] the cache folder .*imagemill cannot be written \(E[A-Z]+\)\. Images are made anew/),
  ])
  expect(readdirSync(temp)).toEqual(['package.json'])
  expect(readFileSync(join(root, CACHE), 'utf8')).toBe('not a folder')
})

test('a read-only cache folder: what is in it is used, what is damaged in it is made anew, one warning', async () => {
  const { root, temp, clean } = await prepare()
  const [record, blob] = [entryFiles(join(root, CACHE), 'ac')[3], entryFiles(join(root, CACHE), 'cas')[20]]
  for (const path of [record, blob]) DAMAGES['a flipped bit']?.(path ?? '', '')
  const before = digestsOf(filesOf(join(root, CACHE)))
  if (!readOnly(join(root, CACHE))) return console.info(NOT_HERE)
  const { code, warnings, files, output } = await build(root, temp)
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('built') })
  expect(digestsOf(files)).toEqual(digestsOf(clean))
  expect(warnings).toEqual([expect.stringContaining('STORE_UNUSABLE')])
  expect(readdirSync(temp)).toEqual(['package.json'])
  expect(digestsOf(filesOf(join(root, CACHE)))).toEqual(before)
})

test('a read-only cache folder that is empty: a correct build', async () => {
  const { root, temp, clean } = await prepare()
  rmSync(join(root, CACHE), { recursive: true })
  if (!readOnly(join(root, CACHE))) return console.info(NOT_HERE)
  const { code, warnings, files, output } = await build(root, temp)
  expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('built') })
  expect(warnings).toHaveLength(1)
  expect(digestsOf(files)).toEqual(digestsOf(clean))
})

test('a disk that becomes full in the middle: one warning, a correct build, and the folder is sound afterwards', async () => {
  const { root } = await gallery({ query: 'w=200;300;400&format=png', px: 400 })
  const clean = await buildVite(root, { options })
  rmSync(join(root, CACHE), { recursive: true })
  rmSync(join(root, 'dist'), { recursive: true })
  if (!smallDisk(join(root, CACHE), '600k')) return console.info(NOT_HERE)
  const temp = project().root
  for (const round of ['cold', 'again']) {
    const { code, warnings, files, output } = await build(root, temp)
    expect({ round, code, output }).toEqual({ round, code: 0, output: expect.stringContaining('built') })
    expect(digestsOf(files)).toEqual(digestsOf(clean))
    expect(warnings).toEqual([expect.stringContaining('ENOSPC')])
    expect(readdirSync(temp)).toEqual(['package.json'])
    expect(entryFiles(join(root, CACHE), 'tmp')).toEqual([])
  }
  expect(entryFiles(join(root, CACHE), 'cas').length).toBeGreaterThan(0)
})

test('neither the cache nor a temporary folder can be written: the build fails and says so', async () => {
  const { root } = await gallery({ query: 'w=400&format=png', px: 400 })
  rmSync(join(root, CACHE), { recursive: true, force: true })
  const temp = join(root, 'temp')
  if (!smallDisk(join(root, CACHE), '100k') || !smallDisk(temp, '100k')) return console.info(NOT_HERE)
  const { code, output } = await build(root, temp)
  expect(code).toBe(1)
  expect(output).toContain('[DISK_FULL]')
  expect(output).toContain('Free some space on the disk.')
  expect(output).toMatch(/\[DISK_FULL\] photo-\d\.jpg\?/)
})

test('a temporary folder that does not exist is a failure with a code, not a riddle', async () => {
  const { root } = await gallery({ photos: 1 })
  mkdirSync(join(root, 'node_modules', '.cache'), { recursive: true })
  writeFileSync(join(root, CACHE), 'not a folder')
  const { code, output } = await build(root, join(root, 'nowhere'))
  expect(code).toBe(1)
  expect(output).toContain('[DISK_FULL]')
})

test('the folder of the cache is relative to the root, or absolute', async () => {
  const { root } = await gallery({ photos: 1 })
  const elsewhere = join(project().root, 'shared')
  await buildVite(root, { options: { ...options, cache: { dir: 'own/cache' } } })
  await buildVite(root, { options: { ...options, cache: { dir: elsewhere } } })
  expect(entryFiles(join(root, 'own', 'cache'), 'cas')).toHaveLength(9)
  expect(entryFiles(elsewhere, 'cas')).toHaveLength(9)
  expect(existsSync(join(root, CACHE))).toBe(false)
})
