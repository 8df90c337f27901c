import { readFile } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { asImagemillError } from '../errors.ts'
import { writeAtomic } from '../files.ts'
import { dtsText, patternOf, type ImportTypes } from '../module/dts.ts'
import { isRemote } from '../query/remote.ts'
import { splitId } from '../query/text.ts'
import { cacheFolder } from '../store/cache-folder.ts'
import type { Api } from './api.ts'
import { below } from './error.ts'
import { ask, planImage, typeOf } from './load.ts'
import type { Place } from './place.ts'
import { idOfRemote } from './remote-id.ts'
import { fallbackTypes } from './types.ts'

/** What the sources of a project import, found without a build. */
export interface ProjectTypes {
  /** Absolute path of the file with the types. */
  path: string
  imports: number
  /** Whether the file says something else, or is not there. */
  stale: boolean
  /** Imports that cannot be typed, with file and line. */
  problems: string[]
  write(): Promise<void>
}

export interface ProjectOptions {
  root: string
  publicDir: string | undefined
  /** Folders to leave alone, besides `node_modules` and those that begin with a dot. */
  ignore: readonly string[]
  /** Finds the file of a specifier that is neither relative nor absolute, such as an alias. */
  resolve(specifier: string, importer: string): Promise<string | undefined>
}

const SOURCES = '**/*.{ts,tsx,mts,cts,js,jsx,mjs,cjs,vue,svelte,astro,mdx}'

/** The specifier of an image, or of anything on another server, with its query, in an import, an export or a dynamic import. */
const IMPORT =
  /(?:\bfrom|\bimport)\s*\(?\s*(['"`])((?:(?:(?!\1)[^\n\\$])+?\.(?:avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)|https?:\/\/(?:(?!\1)[^\n\\$])+?)\?(?:(?!\1)[^\n\\$])+)\1/gi

interface Found {
  specifier: string
  importer: string
  line: number
}

/** Types every import of an image that is written out in the sources. No pixel is made. */
export async function projectTypes(api: Api, options: ProjectOptions): Promise<ProjectTypes> {
  const { root } = options
  const name = typeof api.options.types === 'string' ? api.options.types : 'imagemill.d.ts'
  const path = resolve(root, name)
  const place: Place = {
    api,
    root,
    publicDir: options.publicDir,
    devBase: undefined,
    inlineLimit: () => false,
    allow: async () => undefined,
  }
  const types: ImportTypes = new Map()
  const problems: string[] = []
  const found = await findImports(options)
  try {
    await Promise.all(
      found.map(async (each) => {
        const problem = await addType(each, types, options, place)
        if (problem !== undefined) problems.push(`${problem}\n  imported by ${pathBelow(root, each.importer)}:${each.line}`)
      }),
    )
  } finally {
    await api.openedPipeline()?.close()
  }
  const text = dtsText(types, fallbackTypes())
  const before = await readFile(path, 'utf8').catch(() => undefined)
  return {
    path,
    imports: found.length,
    stale: before !== text,
    problems: problems.sort(),
    write: () => writeAtomic(path, text, join(cacheFolder(root, api.options.cache.dir), 'types')),
  }
}

async function findImports({ root, ignore }: ProjectOptions): Promise<Found[]> {
  const { default: glob } = await import('fast-glob')
  const files = await glob(SOURCES, {
    cwd: root,
    absolute: true,
    ignore: ['**/node_modules/**', '**/*.d.ts', ...ignore.map((folder) => `${folder}/**`)],
  })
  const found = await Promise.all(
    files.map(async (importer) => {
      const text = await readFile(importer, 'utf8')
      return [...text.matchAll(IMPORT)].map(({ 2: specifier = '', index }) => ({
        specifier,
        importer,
        line: text.slice(0, index).split('\n').length,
      }))
    }),
  )
  return found.flat()
}

/** Adds the type of an import; the answer says why it has none. */
async function addType(
  { specifier, importer }: Found,
  types: ImportTypes,
  options: ProjectOptions,
  place: Place,
): Promise<string | undefined> {
  const pattern = patternOf(specifier)
  const { file, query } = splitId(specifier)
  const image = isRemote(file) ? file : await fileOf(file, importer, options)
  if (image === undefined) return `${specifier}: no file has this name`
  const asked = ask(isRemote(file) ? idOfRemote(specifier) : `${image.replaceAll('%', '%25').replaceAll('#', '%23')}?${query}`, place)
  if (!asked || pattern === undefined) return undefined
  try {
    const type = typeOf(await planImage(asked, place))
    types.set(pattern, (types.get(pattern) ?? new Map<string, string>()).set(asked.path, type))
    return undefined
  } catch (error) {
    return below(place.root, asImagemillError(error).at({ file: asked.file, query })).message
  }
}

async function fileOf(file: string, importer: string, { root, resolve: find }: ProjectOptions): Promise<string | undefined> {
  if (file.startsWith('/')) return file.slice(1)
  return file.startsWith('.')
    ? relative(root, join(dirname(importer), file))
        .split(sep)
        .join('/')
    : find(file, importer)
}

function pathBelow(root: string, file: string): string {
  return relative(root, file).split(sep).join('/')
}
