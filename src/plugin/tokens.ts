/** Names in rendered code that stand for what is only known when images are made. */
export type TokenKind = 'URL' | 'SIZE' | 'MS' | 'DATA' | 'BASE64' | 'FACT' | 'BACKGROUND' | 'METADATA' | 'MANIFEST'

export interface Token {
  kind: TokenKind
  /** Key of an output; of a job or an output for MS; id of a fact for FACT and BACKGROUND; the word `ALL` for MANIFEST. */
  key: string
  start: number
  end: number
}

const TOKEN = /__IMAGEMILL_(URL|SIZE|MS|DATA|BASE64|FACT|BACKGROUND|METADATA|MANIFEST)_([0-9a-f]{64}|ALL)__/g

export function tokenOf(kind: TokenKind, key: string): string {
  return `__IMAGEMILL_${kind}_${key}__`
}

export function findTokens(code: string): Token[] {
  // Most chunks have none, and a plain search is much faster than the pattern.
  if (!code.includes('__IMAGEMILL_')) return []
  return [...code.matchAll(TOKEN)].flatMap(({ 0: text, 1: kind, 2: key, index }) =>
    isKind(kind) && key ? [{ kind, key, start: index, end: index + text.length }] : [],
  )
}

function isKind(text: string | undefined): text is TokenKind {
  return text !== undefined && ['URL', 'SIZE', 'MS', 'DATA', 'BASE64', 'FACT', 'BACKGROUND', 'METADATA', 'MANIFEST'].includes(text)
}

/** A token that is a whole string literal is replaced with its quotes: what it stands for need not be text. */
export function withQuotes(code: string, { start, end }: Token): { start: number; end: number } | undefined {
  const quote = code[start - 1]
  return quote !== undefined && '"\'`'.includes(quote) && code[end] === quote ? { start: start - 1, end: end + 1 } : undefined
}

/** What makes a token an address that bundlers leave alone in pages and style sheets; it goes with the token. */
export const AWAY = { URL: 'https://imagemill.invalid/', DATA: 'data:,' } as const

/** A token as the value of an attribute or in a `url()`. */
export function addressToken(kind: keyof typeof AWAY, key: string): string {
  return AWAY[kind] + tokenOf(kind, key)
}

/** Where the address of a token starts: with what was put before it. */
export function addressStart(code: string, { kind, start }: Token): number {
  const prefix = kind === 'URL' || kind === 'DATA' ? AWAY[kind] : ''
  return prefix !== '' && code.slice(start - prefix.length, start) === prefix ? start - prefix.length : start
}
