/**
 * What we use of Vite, Rollup and Rolldown, in our own words: their plugin types are not assignable to each
 * other, and none of them has to be installed for ours to be read.
 */
export interface BundlerContext {
  emitFile(file: { type: 'asset'; fileName: string; source: Uint8Array | string }): string
  addWatchFile(file: string): void
  warn(message: string): void
  error(error: BundlerError): never
  resolve(specifier: string, importer?: string, options?: object): Promise<{ id: string; external?: boolean | string } | null>
  parse(code: string): unknown
  /** Vite 6 and later; absent in Rollup and Rolldown. */
  environment?: BundlerEnvironment
}

export interface BundlerEnvironment {
  name: string
  config: ViteConfig & { consumer: string }
  getTopLevelConfig(): unknown
  /** Of the dev server only. */
  moduleGraph?: { getModuleById(id: string): object | undefined; invalidateModule(module: object): void }
  hot?: { send(payload: { type: 'full-reload' }): void }
  waitForRequestsIdle?(ignoredId: string): Promise<void>
}

/** Vite's own type names `Buffer`, which a project without the types of Node.js does not have; a method is taken for either. */
interface InlineLimit {
  call(file: string, bytes: Uint8Array): boolean | undefined
}

export interface ViteConfig {
  command: 'build' | 'serve'
  root: string
  base: string
  publicDir: string
  server: { origin?: string | undefined }
  resolve: { preserveSymlinks: boolean }
  build: { emitAssets: boolean; watch?: object | null; copyPublicDir?: boolean; assetsInlineLimit: number | InlineLimit['call'] }
  experimental?: { renderBuiltUrl?: BuiltUrl['call'] | undefined }
  css?: { transformer?: string; postcss?: unknown }
  createResolver?(options: {
    preferRelative: boolean
    tryIndex: boolean
    extensions: string[]
  }): (id: string, importer?: string) => Promise<string | undefined>
  logger: Logger
  plugins?: readonly { name: string; api?: unknown }[]
}

/** A method, because Vite's own type is narrower in the words it takes. */
interface BuiltUrl {
  call(
    fileName: string,
    host: { hostId: string; hostType: 'html' | 'css'; type: 'asset'; ssr: boolean },
  ): string | { relative?: boolean | undefined; runtime?: string | undefined } | undefined
}

export interface Logger {
  info(message: string): void
  warn(message: string): void
  error(message: string): void
}

/** An error as Rollup wants it: Vite's overlay shows message, file and place. */
export interface BundlerError {
  message: string
  id?: string
  code?: string
  pluginCode?: string
  loc?: { file: string; line: number; column: number }
}

export interface Chunk {
  fileName: string
  modules: Record<string, { code?: string | null }>
  /** Vite's own record of what a chunk needs, from which it writes its manifest. */
  viteMetadata?: { importedAssets: Set<string> }
}

export interface OutputOptions {
  assetFileNames: string | ((asset: AssetName) => string)
  format: string
  dir?: string | undefined
  file?: string | undefined
  sourcemap: boolean | 'inline' | 'hidden'
}

export interface AssetName {
  type: 'asset'
  name: string
  names: string[]
  originalFileName: null
  originalFileNames: string[]
  source: string
}

/** A plugin as its user sees it: something to put into `plugins`. Its hooks are for bundlers alone. */
export interface ImagemillPlugin {
  name: string
  enforce?: 'pre'
}

/** A plugin as we write it: with hooks. */
export interface PluginPart extends ImagemillPlugin {
  [hook: string]: unknown
}
