import { posix } from 'node:path'
import type { Manifest } from '../contract/manifest.ts'
import type { ReportEntry } from '../contract/report.ts'
import type { Api, Used } from './api.ts'
import type { ChunkGraph } from './entries.ts'
import { makeManifest, usesOf } from './manifest.ts'
import { firstFormats, shippedBy, weighEntries, type Shipped } from './shipped.ts'

/** A bundle that is complete: what it uses, and what loads what where somebody asked for it. */
interface Complete {
  used: Used
  graph: ChunkGraph | undefined
}

interface TextFile {
  name: string
  text: string
}

/** Files of the build's folder that say what the build came to, as far as they are wanted. */
export async function recordFiles(complete: Complete, api: Api, root: string): Promise<TextFile[]> {
  const { used } = complete
  const { report } = api.options
  const name = used.files.size + used.inlined.size + used.facts.size > 0 ? api.options.manifest : undefined
  // A report that was asked for says so when there is no image.
  if (name === undefined && report.html === undefined && report.json === undefined) return []
  const manifest = await makeManifest(api.jobs.values(), api, root, usesOf(complete.used))
  const text = `${JSON.stringify(manifest, undefined, 2)}\n`
  return [...(name === undefined ? [] : [{ name, text }]), ...(await reportFiles(manifest, complete, api, root))]
}

async function reportFiles(manifest: Manifest, { used, graph }: Complete, api: Api, root: string): Promise<TextFile[]> {
  const { html, json } = api.options.report
  if (html === undefined && json === undefined) return []
  // Most builds write none.
  const { reportOf } = await import('../report/report.ts')
  const shipped = graph && (await shippedBy(used, api, root))
  const entries = graph && shipped ? weighEntries(firstFormats(shipped), used, graph).map(entryOf) : undefined
  const report = reportOf(manifest, entries ?? null)
  return [
    ...(html === undefined ? [] : [{ name: html, text: await pageOf(entries, html, used, api, root) }]),
    ...(json === undefined ? [] : [{ name: json, text: `${JSON.stringify(report, undefined, 2)}\n` }]),
  ]
}

/** The views of the inspector, without a server. */
async function pageOf(entries: ReportEntry[] | undefined, name: string, used: Used, api: Api, root: string): Promise<string> {
  const [{ inspectorPage }, { inspect }, { openReportPictures }] = await Promise.all([
    import('../inspector/page.ts'),
    import('./inspection.ts'),
    import('./report-pictures.ts'),
  ])
  const inspected = { root, command: 'build', uses: usesOf(used), whole: true, pictures: openReportPictures(api.pipeline(root)) } as const
  const inspection = await inspect(api, entries ? { ...inspected, entries } : inspected)
  return inspectorPage(inspection, { files: `${posix.relative(posix.dirname(name), '') || '.'}/` })
}

function entryOf({ name, files, first }: { name: string; files: readonly Shipped[]; first: readonly Shipped[] }): ReportEntry {
  return { name, files: files.length, size_bytes: bytesOf(files), first_size_bytes: bytesOf(first) }
}

function bytesOf(files: readonly Shipped[]): number {
  return files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
}
