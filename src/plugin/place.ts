import { existsSync, realpathSync } from 'node:fs'
import { sep } from 'node:path'
import { ImagemillError } from '../errors.ts'
import { isRemote } from '../query/remote.ts'
import type { Api } from './api.ts'
import type { BundlerContext, ViteConfig } from './bundler.ts'

/** Where a module is loaded: one environment of one bundler, in words that know no bundler. */
export interface Place {
  api: Api
  root: string
  publicDir: string | undefined
  /** Address of the outputs of the dev server; undefined in a build, where names come later. */
  devBase: string | undefined
  /** Bytes at which `inline=auto` stops. */
  inlineLimit: (file: string, bytes: Buffer) => boolean
  /** Throws when the dev server may not show a file. */
  allow: (file: string) => Promise<void>
}

/** Path of the outputs on the dev server, below the base. */
export const DEV_PATH = '@imagemill/'

/** Where the jobs of the dev server, or of a build that watches, are asked for, below the base. */
export const API_PATH = '__imagemill/api'

/** Vite's own default, for bundlers that have none. */
const INLINE_LIMIT = 4096

export function rootOf({ environment }: Pick<BundlerContext, 'environment'>): string {
  return environment?.config.root ?? process.cwd()
}

/** Whether the files of an environment end up on disk. */
export function emits({ environment }: BundlerContext): boolean {
  return environment?.config.build.emitAssets ?? true
}

/** Where a module is loaded; read anew each time, for one instance may serve several configurations. */
export function placeOf(context: Pick<BundlerContext, 'environment'>, api: Api): Place {
  const config = context.environment?.config
  return {
    api,
    root: rootOf(context),
    publicDir: config?.publicDir || undefined,
    devBase: config?.command === 'serve' ? devBase(config) : undefined,
    inlineLimit: (file, bytes) => {
      const limit = config?.build.assetsInlineLimit ?? INLINE_LIMIT
      return typeof limit === 'function' ? (limit(file, bytes) ?? bytes.length < INLINE_LIMIT) : bytes.length < limit
    },
    allow: (file) => allowFile(context, file),
  }
}

function devBase({ base, server }: Pick<ViteConfig, 'base' | 'server'>): string {
  return `${server.origin ?? ''}${base}${DEV_PATH}`
}

/** The dev server must not show what lies outside `server.fs.allow`; our `load` would otherwise go round Vite's own check. */
async function allowFile({ environment }: Pick<BundlerContext, 'environment'>, file: string): Promise<void> {
  if (isRemote(file) || environment?.config.command !== 'serve' || environment.config.consumer !== 'client') return
  const { isFileLoadingAllowed } = await import('vite')
  const shown = followLinks(environment.config, file)
  // Vite hands out its configuration as an opaque value of the very type that this function takes.
  if (isFileLoadingAllowed(environment.getTopLevelConfig() as Parameters<typeof isFileLoadingAllowed>[0], shown)) return
  // Vite looks at this path once more before it answers, so it has to be the one that was refused.
  throw new ImagemillError({
    code: 'SOURCE_DENIED',
    file: shown,
    message: 'the dev server may not show this file',
    hint: 'Add its folder to `server.fs.allow` in the Vite configuration, or take its name out of `server.fs.deny`.',
  })
}

/** The file that a path leads to, with `/` as Vite writes it: a link is not a way out of the folders. */
export function followLinks({ resolve }: Pick<ViteConfig, 'resolve'>, file: string): string {
  const path = resolve.preserveSymlinks || !existsSync(file) ? file : realpathSync.native(file)
  return path.split(sep).join('/')
}
