import pLimit from 'p-limit'
import { asImagemillError, type ImagemillError } from '../errors.ts'
import { isRemote } from '../query/remote.ts'
import type { Request } from '../query/request.ts'
import { singleFlight } from '../single-flight.ts'
import type { Store } from '../store/store.ts'
import type { Source } from '../types.ts'
import { checkIntegrity } from './integrity.ts'
import { readSource, type SourceContext } from './read.ts'
import { openRemote, type StoreWriter } from './remote.ts'
import type { RemoteOptions } from './remote-options.ts'

/** A bundler asks for all modules at once; so many sources are held whole while they are hashed. */
const READING = 4

export interface SourceReader {
  /** A file, or an address of another server, whose bytes are those that the request wants. */
  read(file: string, request: Request, store: Store): Promise<Source>
  /** Has images of other servers be asked for again. */
  forget(): void
  /** Waits for what is remembered in the background. */
  written(): Promise<void>
}

export interface Reading extends Pick<SourceContext, 'shared' | 'inspect'> {
  /** Which images of other servers are fetched. */
  remote: RemoteOptions | undefined
  store: StoreWriter
  warn(error: ImagemillError): void
}

/** Reads sources a few at a time, each once for all who ask; what is remembered of them is written in the background. */
export function sourceReader({ inspect, shared, remote, store, warn }: Reading): SourceReader {
  const flight = singleFlight<Source>()
  const reading = pLimit(READING)
  const writing = new Set<Promise<void>>()
  const remotes = openRemote(remote, warn)
  const later = async (work: () => Promise<unknown>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      warn(asImagemillError(error))
    }
  }
  const readFile = (file: string, opened: Store): Promise<Source> =>
    readSource(file, {
      store: opened,
      shared,
      once: (key, work) => flight(key, () => reading(work)),
      inspect,
      later(work) {
        const written = later(work).finally(() => writing.delete(written))
        writing.add(written)
      },
    })
  return {
    async read(file, { values }, opened) {
      const digest = values.integrity?.[0]?.replace('sha256-', '')
      const local = isRemote(file) ? await remotes.fetch(file, digest, store) : undefined
      const source = await readFile(local ?? file, opened)
      if (digest !== undefined) checkIntegrity(source.digest, digest)
      return local === undefined ? source : { ...source, file, local }
    },
    forget: () => remotes.forget(),
    async written() {
      await Promise.all(writing)
    },
  }
}
