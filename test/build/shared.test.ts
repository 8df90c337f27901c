import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { manifestSchema } from '../../src/contract/manifest.ts'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { runCli, success } from '../support/cli.ts'
import { entryFiles } from '../support/entries.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { startBuild, workersOf } from '../support/processes.ts'
import { project } from '../support/project.ts'
import { svg } from '../support/sources.ts'
import { startServer, startStore } from '../support/store-server.ts'

const TOKEN = { token: 'reader', write: 'writer' }

async function site(): Promise<{ root: string; clone(): string }> {
  const { root, write } = await gallery({ photos: 2, query: 'w=16;24&format=webp;jpeg&placeholder=thumbhash&exif&trim' })
  write('icon.svg', svg(40, 20))
  writeFileSync(
    join(root, 'main.js'),
    `import icon from './icon.svg?w=20&format=png'\n${readFileSync(join(root, 'main.js'), 'utf8')}\nconsole.log(icon)`,
  )
  return {
    root,
    clone() {
      const { root: other } = project()
      cpSync(root, other, { recursive: true, filter: (path) => !/node_modules|dist/.test(path) })
      return other
    },
  }
}

interface Built {
  files: Record<string, string>
  /** Whether each record came from the cache or the store. */
  cached: boolean[]
  warnings: string[]
  /** Worker processes that were seen. */
  workers: number
}

async function build(root: string, store: object, env: Record<string, string> = {}): Promise<Built> {
  const { child, ended } = startBuild(root, { options: { store } as never, env })
  let workers = 0
  const timer = setInterval(() => (workers = Math.max(workers, workersOf(child.pid).length)), 5)
  const { code, output } = await ended
  clearInterval(timer)
  expect(code, output).toBe(0)
  const { '.vite/imagemill.json': _, ...files } = digestsOf(filesOf(join(root, 'dist')))
  const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(root, 'dist/.vite/imagemill.json'), 'utf8')))
  return {
    files,
    cached: Object.values(manifest).map(({ cached }) => cached),
    warnings: output.split('\n').filter((line) => /imagemill: .*store/.test(line)),
    workers,
  }
}

test('a second machine encodes nothing: all that the first one made comes from the store', async () => {
  const store = await startStore(TOKEN)
  const { root, clone } = await site()
  const first = await build(root, { remote: store.url, token: 'writer', write: true, secret: 'secret' })
  expect(first).toMatchObject({ cached: [false, false, false], warnings: [] })
  expect(first.workers).toBeGreaterThan(0)
  const second = clone()
  // What it needs to know may come from the environment, and reading is enough.
  const env = { IMAGEMILL_STORE_TOKEN: 'reader', IMAGEMILL_STORE_SECRET: 'secret' }
  expect(await build(second, { remote: store.url }, env)).toEqual({
    files: first.files,
    cached: [true, true, true],
    warnings: [],
    workers: 0,
  })
  // The third time it has all of it itself.
  const requests = await startServer((_, response) => response.writeHead(500).end())
  expect(await build(second, { remote: requests.url })).toMatchObject({ files: first.files, workers: 0, warnings: [] })
  expect(requests.requests).toBe(0)
})

test('whoever cannot write or sign puts nothing into the builds of others', async () => {
  const store = await startStore(TOKEN)
  const { root, clone } = await site()
  const [first, second] = [clone(), clone()]
  const clean = await build(root, { remote: store.url, token: 'reader', write: true })
  expect(clean.warnings).toEqual([expect.stringContaining('STORE_REFUSED')])
  expect(existsSync(store.root)).toBe(false)
  await build(first, { remote: store.url, token: 'writer', write: true, secret: 'wrong' })
  const careful = await build(second, { remote: store.url, token: 'writer', write: true, secret: 'right' })
  expect(careful).toMatchObject({ files: clean.files, cached: [false, false, false], warnings: [expect.stringContaining('store.secret')] })
  // What was refused is replaced.
  expect(await build(clone(), { remote: store.url, token: 'reader', secret: 'right' })).toMatchObject({
    cached: [true, true, true],
    warnings: [],
  })
})

test('damaged bytes and wrong records of the store are never used', async () => {
  const store = await startStore()
  const { root, clone } = await site()
  const clean = await build(root, { remote: store.url, write: true })
  const folder = join(store.root, '..')
  for (const path of entryFiles(folder, 'cas')) writeFileSync(path, 'x'.repeat(readFileSync(path).length))
  const [some = '', other = ''] = entryFiles(folder, 'ac')
  writeFileSync(some, readFileSync(other))
  const healed = await build(clone(), { remote: store.url, write: true })
  expect(healed).toMatchObject({ files: clean.files, warnings: [expect.stringContaining('STORE_REFUSED')] })
  expect(await build(clone(), { remote: store.url })).toMatchObject({
    files: clean.files,
    cached: [true, true, true],
    workers: 0,
    warnings: [],
  })
})

const FAULTS: [string, Parameters<typeof startServer>[0]][] = Object.entries({
  fails: (_, response) => response.writeHead(500).end(),
  'never answers': () => undefined,
  'answers nonsense': (_, response) => response.writeHead(200).end('<html>'),
  'never says that it took something': ({ method }, response) => void (method === 'GET' && response.writeHead(404).end()),
} satisfies Record<string, Parameters<typeof startServer>[0]>)

test('whatever is wrong with a store: the same files, and one warning at most', async () => {
  const { root, clone } = await site()
  const clean = await build(root, { remote: (await startStore()).url })
  const broken = async ([name, answer]: (typeof FAULTS)[number]): Promise<unknown> => {
    const { files, cached, warnings } = await build(clone(), { remote: (await startServer(answer)).url, write: true })
    return {
      name,
      same: JSON.stringify(files) === JSON.stringify(clean.files),
      made: cached.every((is) => !is),
      warnings: warnings.length <= 1,
    }
  }
  expect(await Promise.all(FAULTS.map(broken))).toEqual(FAULTS.map(([name]) => ({ name, same: true, made: true, warnings: true })))
})

test('options that cannot be are refused, and no secret is told', async () => {
  const { root } = await gallery({ photos: 1 })
  const wrong: [object, string][] = [
    [{}, 'store.remote'],
    [{ remote: 'images.example.com' }, 'store.remote'],
    [{ remote: 'https://user:sesame@a' }, 'store.remote'],
    [{ remote: 'https://a', token: 'open sesame' }, 'store.token'],
    [{ remote: 'https://a', secret: 'open:sesame\n' }, 'store.secret'],
    [{ remote: 'https://a', write: 'yes' }, 'store.write'],
    [{ remote: 'https://a', tokens: 'a' }, 'store.token'],
  ]
  for (const [store, name] of wrong) {
    const error: unknown = await buildVite(root, { options: { store } as never }).catch((failure: unknown) => failure)
    expect(error).toMatchObject({ code: expect.stringMatching(/_OPTION$/), message: expect.stringContaining(name) })
    expect(error).not.toMatchObject({ message: expect.stringContaining('sesame') })
  }
})

test('the command line shares, too', async () => {
  const store = await startStore()
  const { root } = await gallery({ photos: 1 })
  const job = JSON.stringify({ operation: 'resize', input: 'photo-0.jpg', output_dir: 'out', widths: [20] })
  const made = await runCli(root, ['process', '--job', job, '--store', store.url, '--store-write'])
  expect(success(made.records[0]).outputs).toHaveLength(1)
  expect(entryFiles(join(store.root, '..'), 'cas')).toHaveLength(1)
  const again = await runCli(root, ['process', '--job', job, '--cache', 'other', '--store', store.url])
  expect(again.records).toEqual(made.records)
  expect(entryFiles(join(root, 'other'), 'cas')).toEqual(entryFiles(join(root, CACHE), 'cas').map((path) => path.replace(CACHE, 'other')))
  const wrong = await runCli(root, ['process', '--job', job, '--store', 'ftp://x'])
  expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('http:')])
  expect((await runCli(root, ['process', '--job', job, '--store-write'])).stderr).toContain('--store')
})
