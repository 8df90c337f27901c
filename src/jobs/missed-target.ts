import type { Output, StoredOutput } from '../types.ts'

/** What to tell of an output that is larger than it was to be; undefined when it is not. */
export function missedTarget(
  { name, output: { encoding } }: { name: string; output: Output },
  { size_bytes, search }: StoredOutput,
): string | undefined {
  const { target, format } = encoding
  if (!target || !search || size_bytes <= target.size) return undefined
  return `${name}.${format}: no quality from ${target.min} to ${target.max} gives ${target.size} bytes or less; the smallest has ${size_bytes} bytes, at quality ${search.quality}`
}
