import type { Output, StoredOutput } from '../types.ts'

/** What to tell of an output that is larger than it was to be, by who asked for it; undefined when it is not. */
export function missedTarget(asked: string, { encoding }: Output, { size_bytes, search }: StoredOutput): string | undefined {
  const { target } = encoding
  if (!target || !search || size_bytes <= target.size) return undefined
  const lower = target.min > 1 ? ' or a lower `min_quality`' : ''
  return `${asked}: no quality from ${target.min} to ${target.max} gives ${target.size} bytes or less; the smallest has ${size_bytes} bytes, at quality ${search.quality}. Ask for a smaller size, or allow a larger \`target_size\`${lower}.`
}
