import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { capsSchema } from '../../src/contract/caps.ts'
import { manifestSchema } from '../../src/contract/manifest.ts'
import { reportSchema } from '../../src/contract/report.ts'
import { buildVite } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

test('caps', async () => {
  const { root } = project()
  const { code, stdout } = await runCli(root, ['caps'])
  expect(code).toBe(0)
  const caps = capsSchema.parse(JSON.parse(stdout))
  expect(caps).toMatchObject({ formats: { output: ['avif', 'gif', 'jpeg', 'png', 'webp'] }, sharp: { sharp: sharp.versions.sharp } })
  expect(caps.operations).toEqual(expect.arrayContaining(['resize', 'srcset', 'convert', 'batch']))
  expect(caps.directives).toMatchObject({ w: { list: true }, animated: { list: false } })
})

test('version and help', async () => {
  const { root } = project()
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'))
  expect(await runCli(root, ['--version'])).toMatchObject({ code: 0, stdout: `${version}\n` })
  const { stdout } = await runCli(root, ['--help'])
  const commands = [...stdout.matchAll(/^ {2}(\w+) {2,}/gm)].map(([, name]) => name ?? '')
  expect(commands).toEqual([
    'process',
    'batch',
    'caps',
    'files',
    'serve',
    'worker',
    'webhooks',
    'cache',
    'report',
    'types',
    'migrate',
    'completions',
  ])
  for (const name of commands) {
    const help = await runCli(root, [name, '--help'])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(/^Usage: imagemill/)
  }
})

test('completions complete commands, their words and their options', async () => {
  const { root, write } = project()
  write('complete.sh', (await runCli(root, ['completions', 'bash'])).stdout)
  const complete = (...words: string[]): string[] => {
    const script = `. ./complete.sh; COMP_WORDS=(imagemill ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length}; _imagemill; echo "\${COMPREPLY[@]}"`
    return spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' }).stdout.trim().split(' ')
  }
  expect(complete('c')).toEqual(['caps', 'cache', 'completions'])
  expect(complete('cache', 'v')).toEqual(['verify'])
  expect(complete('process', '--jo')).toEqual(['--job'])
  expect(complete('files', '--d')).toEqual(['--dry-run'])
})

describe('report', () => {
  test('what a build came to', async () => {
    const { root } = project({
      'index.html': '<script type="module" src="./main.js"></script>',
      'main.js': "import a from './a.jpg?w=10;20&format=webp;jpeg'\nimport b from './b.jpg?w=30&format=webp'\nconsole.log(a, b)",
      'a.jpg': await jpeg(40, 40),
      'b.jpg': await jpeg(40, 40, 9),
    })
    const files = await buildVite(root)
    const manifest = manifestSchema.parse(JSON.parse(String(files.get('.vite/imagemill.json'))))
    const { code, stdout } = await runCli(root, ['report', '--json'])
    expect(code).toBe(0)
    const report = reportSchema.parse(JSON.parse(stdout))
    const bytes = (end: string): number =>
      [...files].filter(([path]) => path.endsWith(end)).reduce((sum, [, { length }]) => sum + length, 0)
    expect(report).toMatchObject({
      requests: 2,
      cached: 0,
      sources: { files: 2 },
      outputs: { files: 5, size_bytes: bytes('.webp') + bytes('.jpeg') },
      formats: { webp: { files: 3, size_bytes: bytes('.webp') }, jpeg: { files: 2, size_bytes: bytes('.jpeg') } },
      failed: [],
    })
    expect(report.largest.map(({ size_bytes }) => size_bytes)).toEqual(
      report.largest.map(({ size_bytes }) => size_bytes).sort((a, b) => b - a),
    )
    expect(report.slowest.map(({ request }) => request).sort()).toEqual(Object.keys(manifest).sort())
    const text = (await runCli(root, ['report', 'dist/.vite/imagemill.json'])).stdout
    expect(text).toContain('2 requests, 0 of them from the cache')
    expect(text).toContain('webp, 3 files')
    await buildVite(root)
    expect(JSON.parse((await runCli(root, ['report', '--json'])).stdout)).toMatchObject({ requests: 2, cached: 2 })
  })

  test('a file that is no manifest is refused', async () => {
    const { root, write } = project()
    expect(await runCli(root, ['report'])).toMatchObject({ code: 2, stdout: '' })
    write('a.json', '{"x":{"source":{}}}')
    const { code, stderr } = await runCli(root, ['report', 'a.json'])
    expect(code).toBe(2)
    expect(stderr).toContain('a.json is not a manifest of imagemill: x.source.path')
    write('b.json', '{')
    expect((await runCli(root, ['report', 'b.json'])).stderr).toContain('b.json is not JSON')
    expect((await runCli(root, ['report', 'c.json'])).stderr).toContain('c.json cannot be read (ENOENT)')
  })
})
