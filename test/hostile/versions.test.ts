import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const PACKAGE = join(import.meta.dirname, '../..')
const JOB = JSON.stringify({ operation: 'resize', input: 'a.jpg', output_dir: 'out', widths: [8] })

interface Installed {
  /** What its package says of itself. */
  sharp: string
  /** What the libvips beside it says of libheif; undefined for what is really there. */
  heif?: string
}

/** A project in which imagemill is installed beside another sharp. */
async function install({ sharp, heif }: Installed): Promise<(env?: Record<string, string>) => { code: number | null; text: string }> {
  const { root } = project({ 'a.jpg': await jpeg(16, 12) })
  const modules = join(root, 'node_modules')
  const own = join(modules, 'imagemill')
  mkdirSync(own, { recursive: true })
  cpSync(join(PACKAGE, 'dist'), join(own, 'dist'), { recursive: true })
  cpSync(join(PACKAGE, 'package.json'), join(own, 'package.json'))
  const from = join(PACKAGE, 'node_modules')
  for (const name of readdirSync(from))
    if (!['sharp', '@img', 'imagemill', '.bin', '.cache'].includes(name)) symlinkSync(join(from, name), join(modules, name))
  cpSync(join(from, 'sharp'), join(modules, 'sharp'), { recursive: true, dereference: true })
  relabel(join(modules, 'sharp/package.json'), { version: sharp })
  mkdirSync(join(modules, '@img'))
  for (const name of readdirSync(join(from, '@img'))) {
    const copy = join(modules, '@img', name)
    if (heif !== undefined && name.startsWith('sharp-libvips')) {
      cpSync(join(from, '@img', name), copy, { recursive: true, dereference: true })
      relabel(join(copy, 'versions.json'), { heif })
    } else symlinkSync(join(from, '@img', name), copy)
  }
  return (env = {}) => {
    const { status, stdout } = spawnSync(process.execPath, [join(own, 'dist/cli.js'), 'process', '--job', JOB], {
      cwd: root,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    return { code: status, text: stdout }
  }
}

function relabel(file: string, facts: Record<string, string>): void {
  writeFileSync(file, JSON.stringify({ ...(JSON.parse(readFileSync(file, 'utf8')) as object), ...facts }))
}

// For coverage, processes load what is not there in the folder that this makes.
describe.skipIf(process.env['IMAGEMILL_TRACES'])('a sharp with a known hole', { timeout: 120_000 }, () => {
  test.each([
    ['0.35.3', { sharp: '0.35.3' }],
    ['a new one with libheif 1.23.1', { sharp: '0.35.5', heif: '1.23.1' }],
  ])('%s is refused with the number of its advisory, unless that is said to be right', async (_, installed) => {
    const run = await install(installed)
    const { code, text } = run()
    expect(code).toBe(1)
    expect(JSON.parse(text)).toMatchObject({
      success: false,
      code: 'UNSUPPORTED_SHARP',
      error: expect.stringMatching(/has a hole .*GHSA-rgj7-g3m4-5g8c.*expected \d+\.\d+\.\d+ or newer/),
      hint: expect.stringContaining('IMAGEMILL_ALLOW_OLD_SHARP=1'),
    })
    expect(run({ IMAGEMILL_ALLOW_OLD_SHARP: '1' })).toMatchObject({ code: 0 })
  })

  test('one without it is taken', async () => {
    for (const installed of [{ sharp: '0.35.4' }, { sharp: '0.36.0', heif: '1.23.2' }]) {
      const run = await install(installed)
      expect({ installed, ...run() }).toMatchObject({ installed, code: 0 })
    }
  })
})
