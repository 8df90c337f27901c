import { appendFileSync, existsSync, readFileSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

const STORE = 'node_modules/.cache/imagemill/v1'

async function filled(): Promise<string> {
  const { root } = project({ 'a.jpg': await jpeg(60, 40) })
  expect((await runCli(root, ['a.jpg?w=10;20;30', '--out', 'out'])).code).toBe(0)
  return root
}

async function cache(root: string, ...args: string[]): Promise<unknown> {
  return JSON.parse((await runCli(root, ['cache', ...args])).stdout)
}

function filesIn(root: string, part: string): string[] {
  return readdirSync(join(root, STORE, part), { recursive: true, encoding: 'utf8' })
    .map((name) => join(root, STORE, part, name))
    .filter((path) => statSync(path).isFile())
}

test('ls: a line an entry, and the bytes of all', async () => {
  const root = await filled()
  const { stdout, stderr, code } = await runCli(root, ['cache', 'ls', '--json'])
  expect(code).toBe(0)
  const entries = stdout
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line))
  expect(entries.map(({ kind }) => kind).sort()).toEqual(['image', 'image', 'image', 'source'])
  const onDisk = [...filesIn(root, 'ac'), ...filesIn(root, 'cas')].reduce((sum, path) => sum + statSync(path).size, 0)
  expect(entries.reduce((sum, { size_bytes }) => sum + Number(size_bytes), 0)).toBe(onDisk)
  for (const { key } of entries) expect(existsSync(join(root, STORE, 'ac', String(key).slice(0, 2), `${String(key)}.json`))).toBe(true)
  expect(stderr).toContain('4 entries')
  expect((await runCli(root, ['cache', 'ls'])).stdout.trim().split('\n')).toHaveLength(4)
})

test('verify finds damage of bytes and of records, and the next run heals it', async () => {
  const root = await filled()
  expect(await cache(root, 'verify')).toMatchObject({ entries: 4, damaged: 0, left: 0 })
  const [blob = ''] = filesIn(root, 'cas')
  const whole = readFileSync(blob)
  appendFileSync(blob, 'x')
  const record =
    filesIn(root, 'ac').find(
      (path) => readFileSync(path, 'utf8').includes('"blob"') && !readFileSync(path, 'utf8').includes(blob.slice(-64)),
    ) ?? ''
  writeFileSync(record, readFileSync(record, 'utf8').replace('"blob"', '"blub"'))
  expect(await cache(root, 'verify')).toMatchObject({ entries: 4, damaged: 2, left: 0 })
  expect(existsSync(blob)).toBe(false)
  expect(existsSync(record)).toBe(false)
  expect(await cache(root, 'verify')).toMatchObject({ entries: 2, damaged: 0 })
  await runCli(root, ['a.jpg?w=10;20;30', '--out', 'out'])
  expect(await cache(root, 'verify')).toMatchObject({ entries: 4, damaged: 0 })
  expect(readFileSync(blob)).toEqual(whole)
})

test('prune removes what was not used for long, then what is too much', async () => {
  const root = await filled()
  expect(await cache(root, 'prune', '--older-than', '1d')).toEqual({ removed: 0, removed_bytes: 0 })
  const [old = ''] = filesIn(root, 'ac')
  utimesSync(old, Date.now() / 1000 - 200_000, Date.now() / 1000 - 200_000)
  expect(await cache(root, 'prune', '--older-than', '2d')).toMatchObject({ removed: 1 })
  expect(existsSync(old)).toBe(false)
  expect(await cache(root, 'prune', '--max-size', '1b')).toMatchObject({ removed: 3 })
  expect(filesIn(root, 'ac')).toEqual([])
})

test('clear removes everything that is ours, and nothing else', async () => {
  const root = await filled()
  writeFileSync(join(root, 'node_modules/.cache/imagemill/mine.txt'), '')
  expect(await cache(root, 'clear')).toEqual({ removed: 4 })
  expect(readdirSync(join(root, 'node_modules/.cache/imagemill'))).toEqual(['mine.txt'])
  expect(await cache(root, 'clear')).toEqual({ removed: 0 })
  const { root: other } = project({ 'v1/precious.txt': 'x' })
  const { code, stderr } = await runCli(other, ['cache', 'clear', '--cache', '.'])
  expect([code, existsSync(join(other, 'v1/precious.txt'))]).toEqual([2, true])
  expect(stderr).toContain('is not a cache of imagemill')
})

test('wrong usage', async () => {
  const { root } = project()
  for (const [args, message] of [
    [['cache'], 'expected one of ls, verify, prune, clear'],
    [['cache', 'verify', '--json'], '`cache verify` has no option --json'],
    [['cache', 'prune', '--max-size', 'big'], 'invalid --max-size'],
    [['cache', 'prune', '--older-than', '5'], 'invalid --older-than'],
  ] as const) {
    const { code, stderr, stdout } = await runCli(root, args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  }
})
