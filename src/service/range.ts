/** First and last byte of a part of a file. */
export interface Part {
  first: number
  last: number
}

/** The part that a `Range` header asks for; undefined for the whole, as with several parts or in units unknown to us. */
export function partOf(range: string | null, size: number): Part | 'beyond' | undefined {
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.trim() ?? '') ?? []
  if (from === '' && to === '') return undefined
  if (from === '') return Number(to) === 0 || size === 0 ? 'beyond' : { first: Math.max(0, size - Number(to)), last: size - 1 }
  if (to !== '' && Number(to) < Number(from)) return undefined
  return Number(from) >= size ? 'beyond' : { first: Number(from), last: Math.min(size - 1, to === '' ? Infinity : Number(to)) }
}
