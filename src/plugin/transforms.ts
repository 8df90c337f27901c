import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { ImagemillError, systemCode } from '../errors.ts'
import { isRecord, sha256 } from '../hash.ts'
import type { KnownTransforms } from '../query/transforms.ts'
import { invalid } from './option-values.ts'

/** The option `transforms`, settled: modules by name. */
export function transformsOf(value: unknown): Record<string, string> {
  if (value === undefined) return {}
  if (!isRecord(value)) throw invalid('transforms', "an object such as { watermark: './watermark.js' }", value)
  const entries = Object.entries(value).map(([name, path]): [string, string] => {
    if (!/^[a-z][\w-]*$/i.test(name)) throw invalid(`transforms.${name}`, 'a name of letters, digits and `-`', name)
    if (typeof path !== 'string' || path === '') throw invalid(`transforms.${name}`, 'the path of a module', path)
    return [name, path]
  })
  return Object.fromEntries(entries)
}

/** Finds modules from the root: files by path, and modules of packages by name. They are read anew each time, since they may have changed. */
export function knownTransforms(root: string, transforms: Readonly<Record<string, string>>): KnownTransforms {
  return {
    names: Object.keys(transforms),
    find(name) {
      const file = transformFile(root, name, transforms[name] ?? '')
      return { url: pathToFileURL(file).href, digest: sha256(readFileSync(file)) }
    },
  }
}

function transformFile(root: string, name: string, path: string): string {
  try {
    return createRequire(join(root, 'package.json')).resolve(/^[./]/.test(path) ? resolve(root, path) : path)
  } catch (error) {
    if (systemCode(error) !== 'MODULE_NOT_FOUND') throw error
    throw new ImagemillError(
      {
        code: 'INVALID_OPTION',
        message: `option \`transforms.${name}\`: there is no module ${path}`,
        hint: 'Write its path from the root of the project, or the name of a package.',
      },
      { cause: error },
    )
  }
}

/** The files of all modules that are there; images may depend on them besides their source. */
export function transformFiles(root: string, transforms: Readonly<Record<string, string>>): string[] {
  return Object.entries(transforms).flatMap(([name, path]) => {
    try {
      return [transformFile(root, name, path)]
    } catch (error) {
      // Whoever asks for it is told.
      if (error instanceof ImagemillError) return []
      throw error
    }
  })
}
