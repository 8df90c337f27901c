import { nothingUsed, type Api, type Used } from './api.ts'
import { recordFiles } from './build-report.ts'
import { checkBudgets } from './budgets.ts'
import type { BundlerContext, Chunk, PluginPart, OutputOptions } from './bundler.ts'
import { chunkGraph, type ChunkGraph } from './entries.ts'
import { toBundlerError } from './error.ts'
import { emits, rootOf } from './place.ts'
import { finishAssets } from './finish.ts'
import { checkPrivacy } from './privacy.ts'
import { emitOfSheets, renderChunk, type Rendering } from './render.ts'
import { clientIsWritten, leaveToClient } from './server-only.ts'

/** A bundle that is being written. */
interface Bundle {
  emitted: Map<string, Promise<string>>
  used: Used
  /** What loads what, where somebody asks for it. */
  graph?: ChunkGraph
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

  const orFail = async <T>(context: BundlerContext, run: () => Promise<T>): Promise<T> => {
    try {
      return await run()
    } catch (error) {
      return context.error(toBundlerError(error, rootOf(context), api.importers))
    }
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
        await orFail(this, () => emitOfSheets({ ...rendering(this, options, bundle), chunk }))
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
        const chunks = Object.values(meta?.chunks ?? { [chunk.fileName]: chunk })
        return orFail(this, () => renderChunk(code, { ...rendering(this, options, bundle), chunk, chunks }))
      },
    },
    generateBundle: {
      // After Vite has put the files of workers into the bundle.
      order: 'post',
      async handler(this: BundlerContext, options: OutputOptions, files: Record<string, unknown>) {
        const bundle = bundles.get(options) ?? begin(options)
        const { used } = bundle
        await orFail(this, async () => {
          await finishAssets(files, rendering(this, options, bundle))
          if (worker) return
          if (!emits(this)) return leaveToClient(this, api, used)
          await checkPrivacy(files, this, api, used)
          const all = allUsed(api, used, files)
          await checkBudgets(all, bundle.graph, api, rootOf(this))
          await emitManifest(this, api, all, bundle.graph)
        })
      },
    },
    async writeBundle(this: BundlerContext, options: OutputOptions) {
      if (worker || !options.dir || !emits(this) || this.environment?.config.consumer !== 'client') return
      const { used, graph } = bundles.get(options) ?? begin(options)
      const folder = options.dir
      await orFail(this, () => clientIsWritten(this, api, { folder, used, graph }))
    },
  }
  return [build, sheets, graphPart(api, worker, (options) => bundles.get(options) ?? begin(options)), endPart(api, worker)]
}

/** The part that sees what loads what, where somebody asks for it. */
function graphPart(api: Api, worker: boolean, bundleOf: (options: OutputOptions) => Bundle): PluginPart {
  return {
    name: 'imagemill:graph',
    generateBundle: {
      order: 'pre',
      handler(this: BundlerContext, options: OutputOptions, files: Record<string, unknown>) {
        if (worker || !asksForEntries(api) || this.environment?.config.consumer === 'server') return
        bundleOf(options).graph = chunkGraph(files, rootOf(this))
      },
    },
  }
}

function asksForEntries({ options: { budgets, report } }: Api): boolean {
  return report.html !== undefined || report.json !== undefined || budgets.some(({ on }) => on === 'entry')
}

/** What a bundle uses together with its workers. */
function allUsed(api: Api, used: Used, files: Record<string, unknown>): Used {
  // A worker may have fallen away, or be left from an earlier turn of watching.
  const inWorkers = [...api.inWorkers.files].filter(([, name]) => name in files)
  return {
    files: new Map([...inWorkers, ...used.files]),
    inlined: new Set([...api.inWorkers.inlined, ...used.inlined]),
    facts: new Set([...api.inWorkers.facts, ...used.facts]),
    hosts: used.hosts,
  }
}

/** Writes the record of a bundle into it, and the reports that are wanted. */
async function emitManifest(context: BundlerContext, api: Api, used: Used, graph: ChunkGraph | undefined): Promise<void> {
  for (const { name, text } of await recordFiles({ used, graph }, api, rootOf(context)))
    context.emitFile({ type: 'asset', fileName: name, source: text })
}

/** The part that says how it ended. */
function endPart(api: Api, worker: boolean): PluginPart {
  return {
    name: 'imagemill:end',
    buildStart(this: BundlerContext) {
      if (!worker) api.posts.began(nameOf(this))
    },
    buildEnd(this: BundlerContext, error?: unknown) {
      if (error !== undefined && !worker) tellEnd(this, api, error)
    },
    renderError(this: BundlerContext, error?: unknown) {
      if (!worker) tellEnd(this, api, error)
    },
    closeBundle: {
      order: 'post',
      sequential: true,
      async handler(this: BundlerContext) {
        await close(this, api)
      },
    },
  }
}

function tellEnd(context: BundlerContext, api: Api, error?: unknown): void {
  if (context.environment?.config.command !== 'serve') api.posts.built(nameOf(context), error)
}

function nameOf({ environment }: BundlerContext): string {
  return environment?.name ?? 'build'
}

/** The bundle of an environment is done, or its server. */
async function close(context: BundlerContext, api: Api): Promise<void> {
  await api.types(rootOf(context))?.write()
  tellEnd(context, api)
  const pipeline = api.openedPipeline()
  if (!pipeline) return
  if (context.environment?.config.command === 'serve') return pipeline.close()
  api.report.summarise(await pipeline.damaged())
  await pipeline.tidy()
}
