import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { JobResult, Manifest } from 'imagemill'
import { buildVite } from '../support/build.ts'
import { startDev } from '../support/dev.ts'
import { photo } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

const MAIN = [
  "import one from './photo.png?format=webp&target_size=3kb&as=result'",
  "import several from './photo.png?w=60;120&format=webp;jpeg&target_size=1900&jpeg.quality=70&as=result'",
  "import inside from './photo.png?w=60&format=jpeg&target_size=1500&as=result&inline'",
  "import look from './photo.png?w=60&format=webp&quality=auto'",
  'globalThis.answer = { one, several, inside, look }',
].join('\n')

const page = async (code = MAIN): Promise<Project> => project({ 'main.js': code, 'photo.png': await photo(240, 160).png().toBuffer() })

async function build(root: string, warnings: string[] = []): Promise<Map<string, Buffer>> {
  const warn = (message: string): void => void warnings.push(message)
  const logger = {
    info: () => undefined,
    warn,
    warnOnce: warn,
    error: warn,
    clearScreen: () => undefined,
    hasErrorLogged: () => false,
    hasWarned: false,
  }
  const config = {
    customLogger: logger,
    build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } },
  }
  return buildVite(root, { options: { logLevel: 'warn' }, config })
}

const SEARCHED = {
  target_size: 'number',
  final_quality: 'number',
  final_size: 'number',
  deviation_percent: 'number',
  iterations: 'number',
  converged: 'boolean',
}

function typesOf(record: object | null): Record<string, string> {
  return Object.fromEntries(Object.entries(record ?? {}).map(([key, value]) => [key, typeof value]))
}

interface Answer {
  one: JobResult
  several: JobResult[]
  inside: JobResult
}

function successes(records: readonly JobResult[]): Extract<JobResult, { success: true }>[] {
  return records.map((record) => {
    if (!record.success) throw new Error(record.error)
    return record
  })
}

test('each output that a quality was looked for has the record of the contract, cold and warm', async () => {
  const { root } = await page()
  const builds = [await build(root), await build(root)]
  const [cold, warm] = builds.map((files): Manifest => JSON.parse(String(files.get('.vite/imagemill.json'))))
  const uncached = Object.entries(cold ?? {}).map(([name, entry]) => [name, { ...entry, cached: true }])
  expect(warm).toEqual(Object.fromEntries(uncached))
  const records = successes(warm?.['photo.png?as=result&format=webp;jpeg&jpeg.quality=70&target_size=1900&w=60;120']?.results ?? [])
  expect(records.map(({ operation, outputs }) => [operation, outputs.map(({ format, width }) => `${format} ${width}`)])).toEqual([
    ['quality', ['webp 60']],
    ['quality', ['webp 120']],
    ['resize', ['jpeg 60']],
    ['resize', ['jpeg 120']],
  ])
  const [, found, fixed] = records
  expect(fixed?.metadata).toBeNull()
  expect(typesOf(found?.metadata ?? null)).toEqual(SEARCHED)
  expect(Object.keys(found?.metadata ?? {})).toEqual(Object.keys(SEARCHED))
  const size = found?.outputs[0]?.size_bytes ?? 0
  expect(found?.metadata).toMatchObject({
    target_size: 1900,
    final_size: size,
    deviation_percent: Math.round(((1900 - size) / 1900) * 1000) / 10,
    converged: true,
  })
  const [look] = successes(warm?.['photo.png?format=webp&quality=auto&w=60']?.results ?? [])
  expect(look?.operation).toBe('quality')
  expect(Object.keys(look?.metadata ?? {})).toEqual(['final_quality', 'final_size', 'iterations', 'converged', 'score', 'target_score'])
})

test('as=result exports these records: one alone, several as a list', async () => {
  const { root } = await page()
  const files = await build(root)
  const manifest: Manifest = JSON.parse(String(files.get('.vite/imagemill.json')))
  const answer = runFile(join(root, 'dist/entry.js')) as Answer
  const atRoot = (records: readonly JobResult[] = []): JobResult[] =>
    successes(records).map((record) => ({ ...record, outputs: record.outputs.map((output) => ({ ...output, path: `/${output.path}` })) }))
  expect([answer.one]).toEqual(atRoot(manifest['photo.png?as=result&format=webp&target_size=3000']?.results))
  expect(answer.several).toEqual(
    atRoot(manifest['photo.png?as=result&format=webp;jpeg&jpeg.quality=70&target_size=1900&w=60;120']?.results),
  )
  expect([answer.inside]).toEqual(manifest['photo.png?as=result&format=jpeg&inline&target_size=1500&w=60']?.results)
  for (const record of successes([answer.one, ...answer.several]))
    for (const { path, size_bytes } of record.outputs) expect(files.get(path.slice(1))?.length).toBe(size_bytes)
})

test('the dev server gives the same records', async () => {
  const { root } = await page()
  await build(root)
  const answer = runFile(join(root, 'dist/entry.js')) as Answer
  const { module } = await startDev(root)
  const withoutPaths = (records: readonly JobResult[]): unknown =>
    successes(records).map((record) => ({ ...record, outputs: record.outputs.map((output) => ({ ...output, path: '' })) }))
  const one = (await module('/photo.png?import&format=webp&target_size=3kb&as=result'))['default'] as JobResult
  expect(withoutPaths([one])).toEqual(withoutPaths([answer.one]))
  const several = (await module('/photo.png?import&w=60;120&format=webp;jpeg&target_size=1900&jpeg.quality=70&as=result'))[
    'default'
  ] as JobResult[]
  expect(withoutPaths(several)).toEqual(withoutPaths(answer.several))
})

test('a target that no quality reaches is told once, from the cache, too', async () => {
  const { root } = await page("import image from './photo.png?format=jpeg&target_size=500&as=srcset'\nconsole.log(image)")
  for (const _ of ['cold', 'warm']) {
    const warnings: string[] = []
    await build(root, warnings)
    expect(
      warnings.filter((text) =>
        text.includes('photo.png?format=jpeg&target_size=500&as=srcset (photo-240.jpeg): no quality from 30 to 95 gives 500 bytes or less'),
      ),
    ).toHaveLength(1)
  }
})
