import { createApi, type Api } from './plugin/api.ts'
import { buildParts } from './plugin/build.ts'
import type { ImagemillPlugin, PluginPart, ViteConfig } from './plugin/bundler.ts'
import { componentParts } from './plugin/components.ts'
import { lightningPart, postcssPlugin, useOwnPostcss, withPostcss, type UserConfig } from './plugin/css.ts'
import { htmlParts } from './plugin/html.ts'
import { inspectorPart } from './plugin/inspector.ts'
import { jobsApiPart } from './plugin/jobs-api.ts'
import { manifestPart, modulesPart } from './plugin/modules.ts'
import { newUrlPart } from './plugin/new-url.ts'
import { resolveOptions, type ImagemillOptions } from './plugin/options.ts'
import { overlayModulePart, overlayPart } from './plugin/overlay.ts'
import type { ProjectOptions, ProjectTypes } from './plugin/project-types.ts'
import { remoteImportsPart } from './plugin/remote-imports.ts'
import { servePart } from './plugin/serve.ts'
import { watchJobsPart } from './plugin/watch-jobs.ts'

export type { Exif, Gps, Placeholder } from './contract/facts.ts'
export type { ArtSource, Image, ImageSource, Img, Picture, ReactImage } from './contract/image.ts'
export type { JobFailure, JobResult, JobSuccess, OutputFile } from './contract/job-result.ts'
export type { Manifest, ManifestEntry, ManifestSource } from './contract/manifest.ts'
export type { Report } from './contract/report.ts'
export { ImagemillError, type ErrorCode } from './errors.ts'
export type { BuildJob } from './contract/build-job.ts'
export type { ImagemillOptions } from './plugin/options.ts'
export type { ShapeFunction, ShapedImage } from './plugin/shape-functions.ts'
export type { ImagemillPlugin } from './plugin/bundler.ts'
export { query } from './query/builder.ts'
export type { Directives, Query } from './query/written.ts'
export type { Format, SourceFormat } from './types.ts'

/**
 * The plugin for Vite, Rollup and Rolldown: `import hero from './hero.jpg?w=320;640&format=avif;webp'`.
 *
 * @param options all optional; an unknown or wrong one throws an ImagemillError
 * @returns plugins to put into `plugins`
 */
export function imagemill(options: ImagemillOptions = {}): ImagemillPlugin[] {
  const api = createApi(resolveOptions(options))
  return [...viteParts(api), ...parts(api, false)]
}

function parts(api: Api, worker: boolean): PluginPart[] {
  return [newUrlPart(api), remoteImportsPart(api), modulesPart(api), manifestPart(api), overlayModulePart(api), ...buildParts(api, worker)]
}

/** What only Vite has: a logger, a dev server, pages, and bundles of their own for workers. */
function viteParts(api: Api): PluginPart[] {
  let settled: ViteConfig | undefined
  const styles = postcssPlugin(api, () => settled)
  return [
    {
      ...servePart(api),
      // For `imagemill types`, which finds the plugin in the configuration.
      api: { projectTypes: (options: ProjectOptions) => typesOfProject(api, options), styles },
      config: async (userConfig: UserConfig) => ({
        worker: { plugins: () => parts(api, true) },
        ...(await withPostcss(userConfig, styles)),
      }),
      configResolved(config: ViteConfig) {
        settled = config
        useOwnPostcss(config)
        api.report.useLogger(config.logger)
      },
    },
    inspectorPart(api),
    jobsApiPart(api),
    watchJobsPart(api),
    overlayPart(api),
    ...htmlParts(api, () => settled),
    ...componentParts(api),
    lightningPart(api, () => settled),
  ]
}

async function typesOfProject(api: Api, options: ProjectOptions): Promise<ProjectTypes> {
  const { projectTypes } = await import('./plugin/project-types.ts')
  return projectTypes(api, options)
}
