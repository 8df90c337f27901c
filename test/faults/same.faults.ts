import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPipeline } from '../../src/pipeline.ts'
import { parseRequest } from '../../src/query/request.ts'
import { digestsOf, filesOf } from '../support/build.ts'
import { inProcess } from '../support/engine.ts'
import { jpeg, png } from '../support/images.ts'
import { startBuild } from '../support/processes.ts'
import { project, type Project } from '../support/project.ts'

/** Imports in another order, in modules that the bundler reaches at other times. */
async function page(order: readonly number[]): Promise<Project> {
  const imports = order.map(
    (index) => `import p${index} from './photo-${index}.${index % 2 ? 'png' : 'jpg'}?w=40;90&format=avif;webp;jpeg;png'`,
  )
  const list = order.toSorted((a, b) => a - b).map((index) => `p${index}`)
  const files = await Promise.all(
    order.map(async (index) =>
      index % 2
        ? ([`photo-${index}.png`, await png(120, 80, index)] as const)
        : ([`photo-${index}.jpg`, await jpeg(200, 150, index)] as const),
    ),
  )
  return project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': `${imports.join('\n')}\nwindow.all = [${list.join(', ')}]`,
    ...Object.fromEntries(files),
  })
}

const base = { manifest: false as const, logLevel: 'warn' as const }

test('a build has the same images whatever the machine, the environment and the order', async () => {
  const [one, two] = [await page([0, 1, 2, 3, 4]), await page([3, 1, 4, 0, 2])]
  const images = async (
    { root }: Project,
    env: Record<string, string>,
    options: object = {},
    outDir = 'dist',
  ): Promise<Record<string, string>> => {
    const { code, output } = await startBuild(root, { options: { ...base, ...options }, env, outDir }).ended
    expect(code, output).toBe(0)
    return Object.fromEntries(
      Object.entries(digestsOf(filesOf(join(root, outDir)))).filter(([name]) => /\.(avif|webp|jpeg|png)$/.test(name)),
    )
  }
  const cold = (at: Project): void => rmSync(join(at.root, 'node_modules'), { recursive: true, force: true })
  const first = await images(one, {}, { concurrency: 1 })
  expect(Object.keys(first)).toHaveLength(5 * 2 * 4)
  expect(await images(one, {}), 'warm').toEqual(first)
  for (const [env, options] of [
    [{}, { concurrency: 2 }],
    [{}, { concurrency: 4, memory: 1 }],
    [{ UV_THREADPOOL_SIZE: '1' }, {}],
    [{ UV_THREADPOOL_SIZE: '4', MALLOC_ARENA_MAX: '8' }, {}],
    [{ VIPS_CONCURRENCY: '8', OMP_NUM_THREADS: '8' }, {}],
    [{ LANG: 'tr_TR.UTF-8', TZ: 'Asia/Kathmandu' }, {}],
  ] as [Record<string, string>, object][]) {
    cold(two)
    expect(await images(two, env, options), JSON.stringify([env, options])).toEqual(first)
  }
  // Another plugin of the build sets what is global to its process.
  const { default: sharp } = await import('sharp')
  sharp.concurrency(8)
  cold(two)
  const { buildVite } = await import('../support/build.ts')
  const built = await buildVite(two.root, { options: base, config: { build: { outDir: 'beside' } } })
  sharp.concurrency(1)
  expect(Object.entries(digestsOf(built)).filter(([name]) => /\.(avif|webp|jpeg|png)$/.test(name))).toEqual(Object.entries(first))
})

/** Keys of all outputs as a pipeline of a sharp of these versions has them. */
async function keys(file: string, query: string, versions: Record<string, string> = {}): Promise<string[]> {
  const queue = { ...inProcess(), versions: async () => versions }
  const pipeline = openPipeline({
    folder: join(file, '../cache'),
    maxSize: 1e9,
    pixelLimit: 1e8,
    queue,
    patience: 60_000,
    warn: (error) => {
      throw error
    },
  })
  const { plan } = await pipeline.plan(file, parseRequest(query))
  await pipeline.close()
  return plan.outputs.map(({ key }) => key)
}

test('a byte of the source or any setting gives other keys, the order and spelling of a query the same', async () => {
  const { write } = project()
  const bytes = await jpeg(300, 200)
  const file = write('a.jpg', bytes)
  const before = await keys(file, 'w=100;200&format=avif;webp;jpeg')
  for (const query of [
    'format=avif;webp;jpeg&w=100;200',
    'w=100;200&format=avif;webp;jpg',
    'w=100px;200px'.replaceAll('px', '') + '&format=avif;webp;jpeg&fit=cover',
  ])
    expect(await keys(file, query), query).toEqual(before)
  for (const query of [
    'w=100;200&format=avif;webp;jpeg&quality=50',
    'w=100;200&format=avif;webp;jpeg&avif.effort=1&webp.effort=1&progressive=false',
    'w=100;200&format=avif;webp;jpeg&metadata=keep',
    'w=100;200&format=avif;webp;jpeg&blur=1',
    'w=101;201&format=avif;webp;jpeg',
  ]) {
    const after = await keys(file, query)
    expect(
      after.filter((key) => before.includes(key)),
      query,
    ).toEqual([])
  }
  // A byte after the end of the picture changes no pixel, but who is to know.
  const changed = write('b.jpg', Buffer.concat([bytes, Buffer.from([0])]))
  expect((await keys(changed, 'w=100;200&format=avif;webp;jpeg')).filter((key) => before.includes(key))).toEqual([])
  const twin = write('c.jpg', bytes)
  expect(await keys(twin, 'w=100;200&format=avif;webp;jpeg')).toEqual(before)
})
