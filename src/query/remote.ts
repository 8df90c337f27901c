/** The address of an image on another server, apart from what is asked of us. */
export interface RemoteAddress {
  /** What the server is asked for, with its own query. */
  url: string
  /** Our directives, without `?`. */
  query: string
}

/** Whether an image is named by its address on another server, and not by a file. */
export function isRemote(name: string): boolean {
  return /^https?:\/\//i.test(name)
}

/**
 * The last `?` begins our directives: what is before it goes to the server as it is written. So `a.jpg?w=320` asks the
 * server for `a.jpg`, and `a.jpg?token=1&w=2000?w=320` asks it for `a.jpg?token=1&w=2000`.
 */
export function splitRemote(address: string): RemoteAddress {
  const mark = address.lastIndexOf('?')
  return mark < 0 ? { url: address, query: '' } : { url: address.slice(0, mark), query: address.slice(mark + 1) }
}
