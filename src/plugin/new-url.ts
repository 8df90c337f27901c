import { isRecord } from '../hash.ts'
import { applyEdits, type Edit, type Edited } from '../module/edits.ts'
import { isRemote } from '../query/remote.ts'
import { isOurs, splitId } from '../query/text.ts'
import type { Api } from './api.ts'
import type { BundlerContext, PluginPart } from './bundler.ts'
import { askAllowed } from './load.ts'
import { isElsewhere, mayHaveImages } from './page-images.ts'

/**
 * The part that makes images which a script names by an address, as in `new URL('./a.jpg?w=300', import.meta.url)`: it
 * becomes an import of that address. Not among the first plugins: by then types and components are scripts.
 */
export function newUrlPart(api: Api): PluginPart {
  return {
    name: 'imagemill:new-url',
    transform: {
      filter: { code: 'import.meta.url' },
      handler(this: BundlerContext, code: string): Promise<Edited> | null {
        if (!code.includes('import.meta.url') || !mayHaveImages(code, api)) return null
        const edits = editsOf(parsed(this, code), api)
        // On the first line, so that no other line moves; behind `#!`, which must be the first.
        const at = /^#!.*\n/.exec(code)?.[0].length ?? 0
        const imports = edits.map(({ address }, index) => `import __imagemill_url${index} from ${JSON.stringify(asUrl(address))};`).join('')
        return edits.length > 0 ? applyEdits(code, [{ start: at, end: at, text: imports }, ...edits], true) : null
      },
    },
  }
}

/** The syntax tree; what is no script, or none yet, is left to those who know it. */
function parsed(context: BundlerContext, code: string): unknown {
  try {
    return context.parse(code)
  } catch {
    return undefined
  }
}

function editsOf(tree: unknown, api: Api): (Edit & { address: string })[] {
  const presets = Object.keys(api.options.presets)
  return [...addressesIn(tree)]
    .filter(({ address }) =>
      isRemote(address) ? askAllowed(address, api) : !isElsewhere(address) && isOurs(splitId(address).query, presets),
    )
    .sort((a, b) => a.start - b.start)
    .map((found, index) => ({ ...found, text: `__imagemill_url${index}` }))
}

interface Address {
  address: string
  start: number
  end: number
}

function* addressesIn(node: unknown): Generator<Address> {
  if (Array.isArray(node)) for (const item of node) yield* addressesIn(item)
  if (!isRecord(node)) return
  const [address, base] = node['type'] === 'NewExpression' && isNamed(node['callee'], 'URL') ? argumentsOf(node) : []
  const text = isRecord(address) && isMetaUrl(base) ? textOf(address) : undefined
  if (isRecord(address) && text !== undefined && typeof address['start'] === 'number' && typeof address['end'] === 'number')
    yield { address: text, start: address['start'], end: address['end'] }
  for (const inner of Object.values(node)) if (typeof inner === 'object' && inner !== null) yield* addressesIn(inner)
}

function argumentsOf(node: Record<string, unknown>): unknown[] {
  const list: unknown = node['arguments']
  return Array.isArray(list) ? list : []
}

function isNamed(node: unknown, name: string): boolean {
  return isRecord(node) && node['name'] === name
}

function isMetaUrl(node: unknown): boolean {
  return isRecord(node) && isNamed(node['property'], 'url') && isRecord(node['object']) && node['object']['type'] === 'MetaProperty'
}

/** A text without parts that are known later. */
function textOf({ type, value, quasis }: Record<string, unknown>): string | undefined {
  if (type === 'Literal') return typeof value === 'string' ? value : undefined
  const [only, more]: unknown[] = type === 'TemplateLiteral' && Array.isArray(quasis) ? quasis : []
  const cooked = isRecord(only) && more === undefined && isRecord(only['value']) ? only['value']['cooked'] : undefined
  return typeof cooked === 'string' ? cooked : undefined
}

/** A bare address is beside the script, as it is for `new URL`. */
function asUrl(address: string): string {
  const specifier = /^\.{0,2}\//.test(address) || isRemote(address) ? address : `./${address}`
  return /[?&](?:as=|url(?:&|$))/.test(specifier) ? specifier : `${specifier}&as=url`
}
