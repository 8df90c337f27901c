import { applyEdits, type Edit, type Edited } from '../module/edits.ts'
import { isOurs, splitId } from '../query/text.ts'
import type { PluginPart } from './bundler.ts'
import { MAYBE, isElsewhere } from './page-images.ts'

/** Comments and texts are passed over; what is left may be `new URL('./a.jpg?w=300', import.meta.url)`. */
const TOKENS =
  /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|\bnew\s+URL\(\s*(["'`])((?:(?!\1)[^\n\\$])+)\1\s*,\s*import\.meta\.url\s*,?\s*\)|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\[\s\S])*`/g

const SCRIPT = /\.[cm]?[jt]sx?$|[?&]lang\.[jt]sx?$/

/** The part that makes images which a script names by an address: it becomes an import of that address. */
export function newUrlPart(): PluginPart {
  return {
    name: 'imagemill:new-url',
    enforce: 'pre',
    transform: {
      order: 'pre',
      filter: { id: SCRIPT, code: 'import.meta.url' },
      handler(code: string, id: string): Promise<Edited> | null {
        if (!SCRIPT.test(id) || !code.includes('import.meta.url') || !MAYBE.test(code)) return null
        const edits = editsOf(code)
        return edits.length > 0 ? applyEdits(code, edits, true) : null
      },
    },
  }
}

function editsOf(code: string): Edit[] {
  const imports: string[] = []
  const edits = [...code.matchAll(TOKENS)].flatMap((token): Edit[] => {
    const { 0: text, 2: address, index } = token
    if (address === undefined || isElsewhere(address) || !isOurs(splitId(address).query)) return []
    const name = `__imagemill_url${imports.length}`
    imports.push(`import ${name} from ${JSON.stringify(asUrl(address))};`)
    return [{ start: index, end: index + text.length, text: `new URL(${name}, import.meta.url)` }]
  })
  // On the first line, so that no other line moves; behind `#!`, which must be the first.
  const at = /^#!.*\n/.exec(code)?.[0].length ?? 0
  return edits.length > 0 ? [{ start: at, end: at, text: imports.join('') }, ...edits] : []
}

/** A bare address is beside the script, as it is for `new URL`. */
function asUrl(address: string): string {
  const specifier = /^\.{0,2}\//.test(address) ? address : `./${address}`
  return /[?&](?:as=|url(?:&|$))/.test(specifier) ? specifier : `${specifier}&as=url`
}
