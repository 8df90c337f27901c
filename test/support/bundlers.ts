import { imagemill, type ImagemillOptions } from 'imagemill'
import { rolldown, watch as watchRolldown } from 'rolldown'
import { rollup, watch as watchRollup } from 'rollup'

export const BUNDLERS = ['rollup', 'rolldown'] as const
export type BundlerName = (typeof BUNDLERS)[number]

export interface Output {
  dir: string
  format: 'es' | 'cjs' | 'iife' | 'umd'
  entryFileNames?: string
  chunkFileNames?: string
  assetFileNames?: string
  sourcemap?: boolean
  minify?: boolean
  name?: string
}

/** Writes the outputs of one bundle, all at a time as the command lines of the bundlers do. */
export async function bundle(
  bundler: BundlerName,
  input: string,
  outputs: readonly Output[],
  options: ImagemillOptions = {},
  before: { name: string }[] = [],
): Promise<void> {
  const open = bundler === 'rollup' ? rollup : rolldown
  // The two describe the same options in types that are not assignable to each other.
  const build = await (open as typeof rollup)({ input, plugins: [before, imagemill({ logLevel: 'silent', types: false, ...options })] })
  await Promise.all(
    outputs.map(({ minify, ...output }) =>
      build.write(bundler === 'rolldown' && minify !== undefined ? Object.assign(output, { minify }) : output),
    ),
  )
  await build.close()
}

/** Builds anew whenever a file changes, until it is closed. */
export function watch(bundler: BundlerName, input: string, output: Output, options: ImagemillOptions = {}): { close(): Promise<void> } {
  const start = bundler === 'rollup' ? watchRollup : watchRolldown
  const watcher = (start as typeof watchRollup)({ input, output, plugins: [imagemill({ logLevel: 'silent', types: false, ...options })] })
  watcher.on('event', (event) => (event.code === 'BUNDLE_END' ? event.result.close() : undefined))
  return watcher
}
