import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { build, type Plugin } from 'vite'
import { describe, expect, test } from 'vitest'
import { imagemill } from 'imagemill'
import { photo } from '../support/images.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'
import { EXPECTED, OPTIONS } from './expected.ts'

const HOME = join(import.meta.dirname, '../..')

interface Row {
  /** Queries with `?`, or names of options. */
  words: string[]
  status: string
  text: string
}

/** The table of the README. */
function tableRows(): Row[] {
  const [, section = ''] = readFileSync(join(HOME, 'README.md'), 'utf8').split('## Moving from vite-imagetools\n')
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'))
  return lines.map((line) => {
    const [, words = '', status = '', text = ''] = line.split(' | ').flatMap((cell, index) => (index === 0 ? ['', cell] : [cell]))
    return { words: [...words.matchAll(/`([^`]+)`/g)].flatMap(([, word]) => word ?? []), status, text }
  })
}

const QUERIES = tableRows().flatMap(({ words, status, text }) =>
  words.filter((word) => word.startsWith('?')).map((word) => ({ query: word.slice(1), status, text })),
)
const RUNNING = QUERIES.filter(({ status }) => status !== 'error')

/** What an import came to: every address is replaced by what is there, and the pixels of these are kept apart. */
interface Answer {
  value: unknown
  pixels: Buffer[]
}

/** Builds one page with all queries; each answers for itself. */
async function buildAll(plugin: Plugin[], queries: readonly string[]): Promise<Answer[]> {
  const { root } = project({
    'main.js': `${queries.map((query, index) => `import i${index} from './a.jpg?${query}'`).join('\n')}\nglobalThis.answer = [${queries.map((_, index) => `i${index}`).join(', ')}]`,
    'a.jpg': await photo(120, 80).jpeg({ quality: 95 }).toBuffer(),
  })
  await build({
    root,
    configFile: false,
    logLevel: 'silent',
    plugins: [plugin],
    build: { assetsInlineLimit: 100_000, rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } },
  })
  const answers = runFile(join(root, 'dist/main.js'))
  return Promise.all((Array.isArray(answers) ? answers : []).map((value) => answerOf(value, join(root, 'dist'))))
}

async function answerOf(value: unknown, folder: string): Promise<Answer> {
  const pixels: Buffer[] = []
  const look = async (address: string): Promise<string> => {
    const bytes = address.startsWith('data:') ? Buffer.from(address.split(',')[1] ?? '', 'base64') : readFileSync(join(folder, address))
    const { width, height, format } = await sharp(bytes).metadata()
    pixels.push(await sharp(bytes).toColourspace('srgb').flatten({ background: '#808080' }).raw().toBuffer())
    return `${address.startsWith('data:') ? 'data ' : ''}${width}x${height} ${format === 'heif' ? 'avif' : format}`
  }
  const plain = async (part: unknown): Promise<unknown> => {
    if (Array.isArray(part)) {
      const list: unknown[] = []
      for (const item of part) list.push(await plain(item))
      return list
    }
    if (typeof part === 'object' && part !== null) {
      const entries: [string, unknown][] = []
      for (const [key, inner] of Object.entries(part)) entries.push([key, await plain(inner)])
      return Object.fromEntries(entries)
    }
    if (typeof part !== 'string' || !/^(data:|\/assets\/)/.test(part)) return part
    const candidates: string[] = []
    for (const candidate of part.split(', ')) {
      const [address = '', descriptor] = candidate.split(' ')
      candidates.push((await look(address)) + (descriptor === undefined ? '' : ` @${descriptor}`))
    }
    return candidates.join(', ')
  }
  return { value: await plain(value), pixels }
}

describe('the table of the README', () => {
  test('has a proof for every row, and a row for every proof', () => {
    expect(QUERIES.map(({ query }) => query).sort()).toEqual(Object.keys(EXPECTED).sort())
    const options = tableRows().flatMap(({ words }) => words.filter((word) => !word.startsWith('?')))
    expect(options.sort()).toEqual([...OPTIONS].sort())
    expect(new Set(tableRows().map(({ status }) => status))).toEqual(new Set(['same', 'different', 'error']))
  })

  test('says what a build answers', async () => {
    const answers = await buildAll(
      imagemill({ logLevel: 'silent' }),
      RUNNING.map(({ query }) => query),
    )
    expect(Object.fromEntries(RUNNING.map(({ query }, index) => [query, answers[index]?.value]))).toEqual(
      Object.fromEntries(RUNNING.map(({ query }) => [query, EXPECTED[query]])),
    )
  })

  test.each(QUERIES.filter(({ status }) => status === 'error'))('refuses ?$query', async ({ query }) => {
    await expect(buildAll(imagemill({ logLevel: 'silent' }), [query])).rejects.toThrow(String(EXPECTED[query]))
  })
})

test('`saturation=0` takes the colours away', async () => {
  const [answer] = await buildAll(imagemill({ logLevel: 'silent' }), ['saturation=0&format=png&as=url'])
  const [pixels = Buffer.alloc(0)] = answer?.pixels ?? []
  expect(pixels.length).toBeGreaterThan(0)
  expect(pixels.every((value, index) => Math.abs(value - (pixels[index - (index % 3)] ?? 0)) <= 1)).toBe(true)
})

const RIVAL = join(HOME, 'bench/node_modules/vite-imagetools/package.json')
if (!existsSync(RIVAL)) console.log('vite-imagetools itself is not compared with: run `npm ci` in bench/ for it')

describe.runIf(existsSync(RIVAL))('vite-imagetools itself', () => {
  test('answers the same where the table says so, and something else where it does not', async () => {
    const { imagetools } = await import(pathToFileURL(createRequire(RIVAL).resolve('vite-imagetools')).href)
    // The one is an error there; of the other the pixels are the same, but not what the file carries.
    const queries = RUNNING.filter(({ query }) => !query.includes('background=fff') && query !== 'inline')
    const texts = queries.map(({ query }) => query)
    const { root } = project()
    const theirs = await buildAll(imagetools({ cache: { enabled: false, dir: join(root, 'cache') } }), texts)
    const ours = await buildAll(imagemill({ logLevel: 'silent' }), texts)
    const verdicts = queries.map(({ query }, index) => [query, isSame(theirs[index], ours[index]) ? 'same' : 'different'])
    expect(verdicts).toEqual(queries.map(({ query, status }) => [query, status]))
  })
})

/** The same shapes, sizes and formats, and pixels that differ by no more than encoders do. */
function isSame(theirs: Answer | undefined, ours: Answer | undefined): boolean {
  if (JSON.stringify(theirs?.value) !== JSON.stringify(ours?.value) || theirs?.pixels.length !== ours?.pixels.length) return false
  return (theirs?.pixels ?? []).every((pixels, index) => {
    const other = ours?.pixels[index]
    if (other?.length !== pixels.length) return false
    const sum = pixels.reduce((total, value, at) => total + Math.abs(value - (other[at] ?? 0)), 0)
    return sum / pixels.length < 9
  })
}
