import { splitId } from '../query/text.ts'
import type { RemoteAddress } from '../query/remote.ts'

/** Begins the ids of images of other servers. An id that is itself an address would be left to the browser by Vite's dev server. */
const PREFIX = 'virtual:imagemill/remote/'

/**
 * Vite's dev server does not ask plugins for addresses of other servers, unless an alias names them: this one changes
 * nothing else.
 */
export const REMOTE_ALIAS = { find: /^https?:\/\/(?=[^?]*\?)/, replacement: '$&' }

/** What the ids of such images, and the specifiers that become one, begin with. */
export const REMOTE = /^(?:https?:\/\/|virtual:imagemill\/remote\/)/i

/** The id of an image of another server. Its address is encoded, for bundlers and browsers have their own ideas of a query. */
export function remoteId({ url, query }: RemoteAddress): string {
  return PREFIX + Buffer.from(url).toString('base64url') + (query === '' ? '' : `?${query}`)
}

/** What an id stands for; undefined for an id of anything else. */
export function remoteOfId(id: string): RemoteAddress | undefined {
  if (!id.startsWith(PREFIX)) return undefined
  const { file, query } = splitId(id)
  return { url: Buffer.from(file.slice(PREFIX.length), 'base64url').toString(), query }
}
