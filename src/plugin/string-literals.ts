import { isRecord } from '../hash.ts'

interface Literal {
  start: number
  end: number
  /** How to leave the literal and come back into it. */
  open: string
  close: string
  /** Whether it is in double quotes. */
  isDouble: boolean
}

/** The string or template that each place in the code is in, found in the syntax tree: quotes alone do not tell. */
export function literalsAt(tree: unknown, code: string): (position: number) => Literal | undefined {
  const literals: Literal[] = []
  collect(tree, code, literals)
  // None lies within another one; a page of many images has tens of thousands.
  literals.sort((a, b) => a.start - b.start)
  return (position) => {
    const literal = literals[lastBefore(literals, position)]
    return literal && position < literal.end ? literal : undefined
  }
}

/** Index of the last literal that starts at or before a position, -1 when there is none. */
function lastBefore(literals: readonly Literal[], position: number): number {
  let [low, high] = [0, literals.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((literals[middle]?.start ?? 0) <= position) low = middle + 1
    else high = middle
  }
  return low - 1
}

function collect(node: unknown, code: string, into: Literal[]): void {
  if (Array.isArray(node)) {
    for (const item of node) collect(item, code, into)
    return
  }
  if (!isRecord(node)) return
  const { type, start, end, value } = node
  if (typeof start === 'number' && typeof end === 'number') {
    if (type === 'Literal' && typeof value === 'string') {
      const quote = code[start] ?? '"'
      into.push({ start, end, open: `${quote} + `, close: ` + ${quote}`, isDouble: quote === '"' })
      return
    }
    if (type === 'TemplateElement') into.push({ start, end, open: '${', close: '}', isDouble: false })
  }
  for (const inner of Object.values(node)) if (typeof inner === 'object' && inner !== null) collect(inner, code, into)
}
