/** How an image without facts is listed: by its path, and by its server where that is another one. */
export function nameIn(address: string, site: string): string {
  if (address.startsWith('data:')) return 'inlined image'
  if (!URL.canParse(address)) return address
  const { pathname, origin } = new URL(address)
  return (origin === site ? '' : `${origin} `) + decoded(pathname)
}

/** A `%` that encodes nothing is part of the name. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}
