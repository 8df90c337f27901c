import { readFileSync, readdirSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import { imagemill, type ImagemillOptions } from 'imagemill'
import * as vite from 'vite'
import * as vite6 from 'vite6'
import * as vite7 from 'vite7'
import { sha256 } from '../../src/hash.ts'

/** The versions of Vite that we promise to work with. */
export const VITES = { 'vite 6': vite6, 'vite 7': vite7, 'vite 8': vite } as const
export type ViteName = keyof typeof VITES
export const VITE_NAMES: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

/** Builds the project at `root` and answers every file of its output folder. */
export async function buildVite(
  root: string,
  { version = 'vite 8', options = {}, config = {} }: { version?: ViteName; options?: ImagemillOptions; config?: vite.InlineConfig } = {},
): Promise<Map<string, Buffer>> {
  const { build } = VITES[version]
  // The three versions describe the same configuration in types that are not assignable to each other.
  const inline: vite.InlineConfig = {
    configFile: false,
    logLevel: 'silent',
    ...config,
    root,
    plugins: [imagemill({ logLevel: 'silent', ...options }), ...(config.plugins ?? [])],
  }
  await (build as typeof vite.build)(inline)
  return filesOf(join(root, config.build?.outDir ?? 'dist'))
}

/** Every file below a folder, by its path with `/`. */
export function filesOf(folder: string): Map<string, Buffer> {
  const items = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((item) => item.isFile())
  const paths = items.map((item) => join(item.parentPath, item.name))
  return new Map(paths.sort().map((path) => [relative(folder, path).split(sep).join('/'), readFileSync(path)]))
}

/** Files by what is in them: comparing these is quick where comparing the bytes themselves takes seconds. */
export function digestsOf(files: Map<string, Buffer>): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, sha256(bytes)]))
}
