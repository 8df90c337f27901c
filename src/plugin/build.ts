import type { Api } from './api.ts'
import type { BundlerContext, Chunk, PluginPart, OutputOptions } from './bundler.ts'
import { toBundlerError } from './error.ts'
import { makeManifest } from './manifest.ts'
import { emits, environmentName, rootOf } from './place.ts'
import { renderChunk } from './render.ts'

/** The part that makes images while chunks are written: only what tree shaking has left. */
export function buildPart(api: Api, worker: boolean): PluginPart {
  // References are good for one bundle only, so they are kept by bundle and begun anew with each.
  const emitted = new Map<string, Map<string, Promise<string>>>()
  const bundleName = (context: BundlerContext, { dir, file, format }: OutputOptions): string => [environmentName(context, worker), dir, file, format].join(' ')

  return {
    name: 'imagemill:build',
    enforce: 'pre',
    renderStart(this: BundlerContext, options: OutputOptions) {
      emitted.set(bundleName(this, options), new Map())
      // Workers are bundled one after another while the page is; their images belong to its manifest.
      if (!worker) api.rendered.delete(environmentName(this, worker))
    },
    renderChunk: {
      order: 'pre',
      async handler(this: BundlerContext, code: string, chunk: Chunk, options: OutputOptions, meta?: { chunks?: Record<string, Chunk> }) {
        const references = emitted.get(bundleName(this, options)) ?? new Map<string, Promise<string>>()
        emitted.set(bundleName(this, options), references)
        try {
          return await renderChunk(code, {
            api, context: this, chunk, options, root: rootOf(this), environment: environmentName(this, worker), emits: emits(this), emitted: references, chunks: Object.values(meta?.chunks ?? { [chunk.fileName]: chunk }),
          })
        } catch (error) {
          return this.error(toBundlerError(error, rootOf(this)))
        }
      },
    },
    async generateBundle(this: BundlerContext) {
      const { manifest } = api.options
      if (manifest === undefined || worker || !emits(this)) return
      const names = new Map([environmentName(this, true), environmentName(this, false)].flatMap((name) => [...(api.rendered.get(name) ?? [])]))
      if (names.size === 0) return
      const content = await makeManifest(api.jobs.values(), api, rootOf(this), ({ key }) => names.get(key))
      this.emitFile({ type: 'asset', fileName: manifest, source: `${JSON.stringify(content, undefined, 2)}\n` })
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler(this: BundlerContext) {
        const pipeline = api.openedPipeline()
        if (!pipeline) return
        if (this.environment?.config.command === 'serve') return pipeline.close()
        api.report.summarise(await pipeline.damaged())
        await pipeline.tidy()
      },
    },
  }
}
