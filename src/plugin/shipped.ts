import type { Output } from '../types.ts'
import { fileId } from './address.ts'
import type { Api, Deliverable, Job, Used } from './api.ts'
import type { ChunkGraph, Entry } from './entries.ts'
import { entriesOf } from './entries.ts'
import { usesOf } from './manifest.ts'
import { deliverable } from './render.ts'

/** An output that a build ships, as one of its imports uses it. */
export interface Shipped {
  job: Job
  output: Output
  planned: Deliverable
  /** Where it is below the build's folder, or would be if its bytes were not in the code. */
  path: string
  size_bytes: number
}

/** A page, or another entry, with the files that it can make a browser load: of each import the largest one. */
export interface Weighed {
  name: string
  files: Shipped[]
  /** Those that are loaded without any dynamic import. */
  first: Shipped[]
}

/** Every output that a bundle ships, once for each import that uses it. */
export async function shippedBy(used: Used, api: Api, root: string): Promise<Shipped[]> {
  const { useOf } = usesOf(used)
  const all = [...api.jobs.values()].flatMap((job) =>
    job.plan.outputs.map(async (output): Promise<Shipped[]> => {
      const use = useOf(output, job)
      if (!use) return []
      const planned = deliverable(output.key, api)
      const { size_bytes } = planned.original ? planned.source : await api.pipeline(root).make(planned)
      return [{ job, output, planned, path: use.path, size_bytes }]
    }),
  )
  return (await Promise.all(all)).flat()
}

/** What each entry weighs. What only a worker uses belongs to none. */
export function weighEntries(shipped: readonly Shipped[], used: Used, graph: ChunkGraph): Weighed[] {
  return entriesOf(graph).map(({ name, first, all }) => ({
    name,
    files: loadable(shipped, namedIn(all, used)),
    first: loadable(shipped, namedIn(first, used)),
  }))
}

function namedIn(hosts: Entry['all'], { hosts: named }: Used): Set<string> {
  return new Set([...hosts].flatMap((host) => [...(named.get(host) ?? [])]))
}

/** At most one file of each import: the others are its other sizes and formats. Addresses in a list are each for themselves. */
function loadable(shipped: readonly Shipped[], named: ReadonlySet<string>): Shipped[] {
  const largest = new Map<string, Shipped>()
  for (const file of shipped) {
    const { job, output, path, size_bytes } = file
    if (!named.has(fileId(output, job.source)) && !named.has(output.key)) continue
    const choice = job.request.shape?.name === 'url' ? path : job.name
    if (size_bytes > (largest.get(choice)?.size_bytes ?? -1)) largest.set(choice, file)
  }
  return distinct([...largest.values()])
}

/** Files that a modern browser chooses from: of each import those of its first format. Addresses in a list are each for themselves. */
export function firstFormats(shipped: readonly Shipped[]): Shipped[] {
  const first = new Map<string, string>()
  for (const { job, output } of shipped) if (!first.has(job.name)) first.set(job.name, output.encoding.format)
  return shipped.filter(({ job, output }) => job.request.shape?.name === 'url' || output.encoding.format === first.get(job.name))
}

/** Each file once, however many imports use it. */
export function distinct(files: readonly Shipped[]): Shipped[] {
  return [...new Map(files.map((file) => [file.path, file])).values()]
}
