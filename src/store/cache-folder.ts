import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'

/** The store's folder: the one of the options, or one that CI services already keep between builds. */
export function cacheFolder(root: string, dir: string | undefined): string {
  if (dir !== undefined) return resolve(root, dir)
  return join(packageFolder(resolve(root)) ?? resolve(root), 'node_modules', '.cache', 'imagemill')
}

function packageFolder(folder: string): string | undefined {
  if (existsSync(join(folder, 'package.json'))) return folder
  const parent = dirname(folder)
  return parent === folder ? undefined : packageFolder(parent)
}
