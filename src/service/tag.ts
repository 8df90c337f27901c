/** Whether `If-None-Match` names a tag; proxies weaken tags, and may ask for several. */
export function matches(condition: string | null, tag: string): boolean {
  const plain = (text: string): string => text.trim().replace(/^W\//, '')
  return condition !== null && condition.split(',').some((item) => plain(item) === plain(tag) || item.trim() === '*')
}
