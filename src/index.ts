import { createApi, type Api } from './plugin/api.ts'
import { buildPart } from './plugin/build.ts'
import type { ImagemillPlugin, PluginPart, ViteConfig } from './plugin/bundler.ts'
import { manifestPart, modulesPart } from './plugin/modules.ts'
import { resolveOptions, type ImagemillOptions } from './plugin/options.ts'
import { servePart } from './plugin/serve.ts'

export type { Image } from './contract/image.ts'
export type { Exif, Gps, Placeholder } from './contract/facts.ts'
export type { JobFailure, JobResult, JobSuccess, OutputFile } from './contract/job-result.ts'
export type { Manifest, ManifestEntry, ManifestSource } from './contract/manifest.ts'
export { ImagemillError, type ErrorCode } from './errors.ts'
export type { ImagemillOptions } from './plugin/options.ts'
export type { ImagemillPlugin } from './plugin/bundler.ts'
export type { QueryInput } from './query/text.ts'
export type { Format, SourceFormat } from './types.ts'

/**
 * The plugin for Vite, Rollup and Rolldown: `import hero from './hero.jpg?w=320;640&format=avif;webp'`.
 *
 * @param options all optional; an unknown or wrong one throws an ImagemillError
 * @returns plugins to put into `plugins`
 */
export function imagemill(options: ImagemillOptions = {}): ImagemillPlugin[] {
  const api = createApi(resolveOptions(options))
  return [vitePart(api), ...parts(api, false)]
}

function parts(api: Api, worker: boolean): PluginPart[] {
  return [modulesPart(api), manifestPart(api), buildPart(api, worker)]
}

/** What only Vite has: a logger, a dev server, and bundles of their own for workers. */
function vitePart(api: Api): PluginPart {
  return {
    ...servePart(api),
    config: () => ({ worker: { plugins: () => parts(api, true) } }),
    configResolved(config: ViteConfig) {
      api.report.useLogger(config.logger)
    },
  }
}
