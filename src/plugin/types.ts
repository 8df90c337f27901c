import { existsSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { ifWritable, writeAtomic } from '../files.ts'
import { dtsText, patternOf, readDts, type ImportTypes } from '../module/dts.ts'
import { isRemote } from '../query/remote.ts'

/** Keeps the file with the exact types of all image imports up to date. */
export interface TypesFile {
  /** An import of an image, which is named by its file and query, as written in a source file. */
  imported(image: string, specifier: string, importer: string | undefined): void
  /** The type of an image as it was loaded, with its path below the root. */
  loaded(image: string, path: string, type: string): void
  /** Writes what is new, if anything is. */
  write(): Promise<void>
}

/** Changes that come together are written together, in ms. */
const PAUSE = 200

/** Someone else may write at the same moment; then what is missing is added to theirs. */
const ATTEMPTS = 3

export interface TypesFileOptions {
  /** Absolute path of the file. */
  path: string
  /** Folder that the paths of images start from. */
  root: string
  /** Folder for unfinished files. */
  temp: string
}

export function openTypesFile({ path, root, temp }: TypesFileOptions): TypesFile {
  const types: ImportTypes = new Map()
  const patterns = new Map<string, Set<string>>()
  const known = new Map<string, { path: string; type: string }>()
  const texts = new Map<string, { modified: number; text: string }>()
  let timer: NodeJS.Timeout | undefined

  const add = (image: string, pattern: string): void => {
    const found = known.get(image)
    if (!found) return
    const images = types.get(pattern) ?? new Map<string, string>()
    if (images.get(found.path) === found.type) return
    types.set(pattern, images.set(found.path, found.type))
    timer ??= setTimeout(() => void write(), PAUSE).unref()
  }

  const write = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    if (types.size === 0) return
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await readFile(path, 'utf8').catch(() => '')
      const text = dtsText(merged(readDts(before), types, root), fallbackTypes())
      if (text === before) return
      await ifWritable(() => writeAtomic(path, text, temp))
    }
  }

  return {
    imported(image, specifier, importer) {
      const pattern = patternOf(specifier)
      // What a bundler has made up, for a glob or a template, is not in the source, and TypeScript never asks for it.
      if (pattern === undefined || importer === undefined || !sourceOf(importer, texts).includes(specifier)) return
      patterns.set(image, (patterns.get(image) ?? new Set()).add(pattern))
      add(image, pattern)
    },
    loaded(image, below, type) {
      known.set(image, { path: below, type })
      for (const pattern of patterns.get(image) ?? []) add(image, pattern)
    },
    write,
  }
}

/** What was found now goes before what was written earlier; images that are gone fall away. */
function merged(earlier: ImportTypes, now: ImportTypes, root: string): ImportTypes {
  const all: ImportTypes = new Map()
  for (const [pattern, images] of [...earlier, ...now])
    all.set(
      pattern,
      new Map([...(all.get(pattern) ?? []), ...[...images].filter(([file]) => isRemote(file) || existsSync(resolve(root, file)))]),
    )
  return all
}

/** The text of a source file, read anew when it has changed; a module without a file has none. */
function sourceOf(importer: string, texts: Map<string, { modified: number; text: string }>): string {
  const file = importer.replace(/\?.*$/s, '')
  const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs
  if (modified === undefined) return ''
  const known = texts.get(file)
  if (known?.modified === modified) return known.text
  const text = readFileSync(file, 'utf8')
  texts.set(file, { modified, text })
  return text
}

/** The types that come with the package, for imports that are not found yet. */
export function fallbackTypes(): string {
  const home = dirname(createRequire(import.meta.url).resolve('imagemill/package.json'))
  return readFileSync(join(home, 'dist/client.d.ts'), 'utf8')
}
