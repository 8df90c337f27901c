import { isRecord } from '../hash.ts'
import { applyEdits, type Edit, type Edited } from '../module/edits.ts'
import { isRemote } from '../query/remote.ts'
import type { Api } from './api.ts'
import type { BundlerContext, PluginPart } from './bundler.ts'
import { ask } from './load.ts'
import { placeOf } from './place.ts'
import { idOfRemote } from './remote-id.ts'

/**
 * The part for Vite's dev server, which leaves an import of `https://…` to the browser and asks no plugin: those of our
 * images get another name before it looks at them. Not among the first plugins: by then types and components are scripts.
 */
export function remoteImportsPart(api: Api): PluginPart {
  return {
    name: 'imagemill:remote-imports',
    transform: {
      filter: { code: MAYBE },
      handler(this: BundlerContext, code: string): Promise<Edited> | null {
        if (this.environment?.config.command !== 'serve' || !MAYBE.test(code)) return null
        const place = placeOf(this, api)
        const edits = importsIn(parsed(this, code)).flatMap(({ specifier, start, end }) => {
          const id = isRemote(specifier) ? idOfRemote(specifier) : undefined
          return id !== undefined && ask(id, place) ? [{ start, end, text: JSON.stringify(id) }] : []
        })
        return edits.length > 0 ? applyEdits(code, edits, true) : null
      },
    },
  }
}

/** A quick look whether a script can import an address with a query. */
const MAYBE = /\b(?:from|import)\s*\(?\s*["'`]https?:\/\/[^"'`\n]*\?/i

/** The syntax tree; what is no script, or none yet, is left to those who know it. */
function parsed(context: BundlerContext, code: string): unknown {
  try {
    return context.parse(code)
  } catch {
    return undefined
  }
}

const IMPORTS: ReadonlySet<unknown> = new Set(['ImportDeclaration', 'ImportExpression', 'ExportNamedDeclaration', 'ExportAllDeclaration'])

function importsIn(tree: unknown): (Omit<Edit, 'text'> & { specifier: string })[] {
  return [...nodesIn(tree)].flatMap(({ type, source }) => {
    if (!IMPORTS.has(type) || !isRecord(source)) return []
    const { value, start, end } = source
    return typeof value === 'string' && typeof start === 'number' && typeof end === 'number' ? [{ specifier: value, start, end }] : []
  })
}

function* nodesIn(node: unknown): Generator<Record<string, unknown>> {
  if (Array.isArray(node)) for (const item of node) yield* nodesIn(item)
  if (!isRecord(node)) return
  yield node
  for (const inner of Object.values(node)) if (typeof inner === 'object' && inner !== null) yield* nodesIn(inner)
}
