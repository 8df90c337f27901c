import { isRecord } from '../hash.ts'
import { pathBelow } from './path-below.ts'

/** The chunks of a bundle by the names that they had while they were rendered, with what they load. */
export interface ChunkGraph {
  chunks: Map<string, { imports: string[]; dynamic: string[] }>
  /** Pages, and other chunks that something outside of the bundle loads. */
  entries: { name: string; chunk: string }[]
}

/** An entry, and the hosts (chunks, style sheets, pages) that it can load: all of them, and those that it begins with. */
export interface Entry {
  name: string
  first: ReadonlySet<string>
  all: ReadonlySet<string>
}

/** Read before Vite takes away the chunks that it puts into pages. */
export function chunkGraph(bundle: Record<string, unknown>, root: string): ChunkGraph {
  const chunks = Object.values(bundle).filter((item) => isRecord(item) && item['type'] === 'chunk')
  const found = chunks.filter(isRecord).map((chunk) => {
    const fileName = text(chunk['fileName']) ?? ''
    return { chunk, fileName, rendered: text(chunk['preliminaryFileName']) ?? fileName }
  })
  const names = new Map(found.map(({ fileName, rendered }) => [fileName, rendered]))
  const renderedOf = (list: unknown): string[] => texts(list).map((name) => names.get(name) ?? name)
  return {
    chunks: new Map(
      found.map(({ chunk, rendered }) => [
        rendered,
        { imports: renderedOf(chunk['imports']), dynamic: renderedOf(chunk['dynamicImports']) },
      ]),
    ),
    entries: found
      .filter(({ chunk }) => chunk['isEntry'] === true)
      .map(({ chunk, fileName, rendered }) => ({ name: nameOf(text(chunk['facadeModuleId']), root) ?? fileName, chunk: rendered })),
  }
}

/** What each entry of a bundle can load, sorted by name. */
export function entriesOf({ chunks, entries }: ChunkGraph): Entry[] {
  const reach = (from: string, also: (chunk: { imports: string[]; dynamic: string[] }) => string[]): Set<string> => {
    const found = new Set([from])
    // A set that grows is walked to its new end.
    for (const name of found) for (const next of also(chunks.get(name) ?? { imports: [], dynamic: [] })) found.add(next)
    return found
  }
  return entries
    .map(({ name, chunk }) => ({
      name,
      // A page is a host of its own, by its name.
      first: reach(chunk, ({ imports }) => imports).add(name),
      all: reach(chunk, ({ imports, dynamic }) => [...imports, ...dynamic]).add(name),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** An entry as users know it: the path of its module below the root. */
function nameOf(id: string | undefined, root: string): string | undefined {
  return id === undefined || id.includes('\0') ? undefined : pathBelow(root, id.replace(/\?.*$/s, ''))
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}
