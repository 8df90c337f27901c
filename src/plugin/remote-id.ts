import { splitId } from '../query/text.ts'

/** Begins the ids of images of other servers. An id that is itself an address would be left to the browser by Vite's dev server. */
const PREFIX = 'virtual:imagemill/remote/'

/** What the ids of such images, and the specifiers that become one, begin with. */
export const REMOTE = /^(?:https?:\/\/|virtual:imagemill\/remote\/)/i

/** The id of an image of another server. Its address is encoded, for bundlers and browsers have their own ideas of a query. */
export function idOfRemote(specifier: string): string {
  const { file, query } = splitId(specifier)
  return PREFIX + Buffer.from(file).toString('base64url') + (query === '' ? '' : `?${escapeQuery(query)}`)
}

/** A query may be encoded already; what cannot be an encoded character is meant as it is: `crop=10%,10%,50%,50%`. */
export function escapeQuery(query: string): string {
  return query.replaceAll('#', '%23').replace(/%(?![0-9a-f]{2})/gi, '%25')
}

/** The address that an id stands for, with our directives; undefined for an id of anything else. */
export function remoteOfId(id: string): string | undefined {
  if (!id.startsWith(PREFIX)) return undefined
  const { file, query } = splitId(id)
  const address = Buffer.from(file.slice(PREFIX.length), 'base64url').toString()
  return query === '' ? address : `${address}?${query}`
}
