import { nothingUsed, type Api, type Used } from './api.ts'
import type { BundlerContext, Chunk, PluginPart, OutputOptions } from './bundler.ts'
import { toBundlerError } from './error.ts'
import { makeManifest, usesOf } from './manifest.ts'
import { emits, rootOf } from './place.ts'
import { finishAssets } from './finish.ts'
import { checkPrivacy } from './privacy.ts'
import { emitOfSheets, renderChunk, type Rendering } from './render.ts'
import { clientIsWritten, leaveToClient } from './server-only.ts'

/** A bundle that is being written. */
interface Bundle {
  emitted: Map<string, Promise<string>>
  used: Used
}

/** The parts that make images while chunks are written: only what tree shaking has left. */
export function buildParts(api: Api, worker: boolean): PluginPart[] {
  // References are good for one bundle only. Several of them may be written at a time (outputs, environments, workers),
  // and what tells them apart is the object that holds their options.
  const bundles = new WeakMap<OutputOptions, Bundle>()
  const begin = (options: OutputOptions): Bundle => {
    const bundle = { emitted: new Map<string, Promise<string>>(), used: worker ? api.inWorkers : nothingUsed() }
    bundles.set(options, bundle)
    return bundle
  }

  const rendering = (context: BundlerContext, options: OutputOptions, bundle: Bundle): Rendering => ({
    api,
    context,
    options,
    root: rootOf(context),
    emits: emits(context),
    ...bundle,
  })

  const sheets: PluginPart = {
    name: 'imagemill:sheets',
    renderChunk: {
      // Behind Vite, which begins its record of a chunk in this hook.
      order: 'post',
      async handler(this: BundlerContext, _: string, chunk: Chunk, options: OutputOptions) {
        const bundle = bundles.get(options) ?? begin(options)
        try {
          await emitOfSheets({ ...rendering(this, options, bundle), chunk })
        } catch (error) {
          return this.error(toBundlerError(error, rootOf(this), api.importers))
        }
      },
    },
  }
  const build: PluginPart = {
    name: 'imagemill:build',
    enforce: 'pre',
    renderStart(options: OutputOptions) {
      begin(options)
    },
    renderChunk: {
      order: 'pre',
      async handler(this: BundlerContext, code: string, chunk: Chunk, options: OutputOptions, meta?: { chunks?: Record<string, Chunk> }) {
        const bundle = bundles.get(options) ?? begin(options)
        try {
          return await renderChunk(code, {
            ...rendering(this, options, bundle),
            chunk,
            chunks: Object.values(meta?.chunks ?? { [chunk.fileName]: chunk }),
          })
        } catch (error) {
          return this.error(toBundlerError(error, rootOf(this), api.importers))
        }
      },
    },
    generateBundle: {
      // After Vite has put the files of workers into the bundle.
      order: 'post',
      async handler(this: BundlerContext, options: OutputOptions, files: Record<string, unknown>) {
        const { manifest } = api.options
        const bundle = bundles.get(options) ?? begin(options)
        const { used } = bundle
        try {
          await finishAssets(files, rendering(this, options, bundle))
          if (worker) return
          if (!emits(this)) return await leaveToClient(this, api, used)
          await checkPrivacy(files, this, api, used)
        } catch (error) {
          return this.error(toBundlerError(error, rootOf(this), api.importers))
        }
        if (manifest === undefined) return
        // A worker may have fallen away, or be left from an earlier turn of watching.
        const inWorkers = [...api.inWorkers.files].filter(([, name]) => name in files)
        const all = {
          files: new Map([...inWorkers, ...used.files]),
          inlined: new Set([...api.inWorkers.inlined, ...used.inlined]),
          facts: new Set([...api.inWorkers.facts, ...used.facts]),
        }
        if (all.files.size + all.inlined.size + all.facts.size === 0) return
        const content = await makeManifest(api.jobs.values(), api, rootOf(this), usesOf(all))
        this.emitFile({ type: 'asset', fileName: manifest, source: `${JSON.stringify(content, undefined, 2)}\n` })
      },
    },
    async writeBundle(this: BundlerContext, options: OutputOptions) {
      if (worker || !options.dir || !emits(this) || this.environment?.config.consumer !== 'client') return
      try {
        await clientIsWritten(this, api, options.dir, (bundles.get(options) ?? begin(options)).used)
      } catch (error) {
        return this.error(toBundlerError(error, rootOf(this), api.importers))
      }
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler(this: BundlerContext) {
        await api.types(rootOf(this))?.write()
        const pipeline = api.openedPipeline()
        if (!pipeline) return
        if (this.environment?.config.command === 'serve') return pipeline.close()
        api.report.summarise(await pipeline.damaged())
        await pipeline.tidy()
      },
    },
  }
  return [build, sheets]
}
