import { asImagemillError, type ImagemillError } from '../../errors.ts'
import { describeEngine, encoderVersions } from '../../source/encoder-versions.ts'
import { cancelled } from '../processes.ts'
import type { Machines, Queue } from '../queue.ts'
import { openComplaints, type Complaints } from './complaints.ts'
import { hostOf, type Connecting } from './connect.ts'
import { openSession, type Session } from './session.ts'

export interface KeeperOptions extends Connecting {
  /** Knows the versions of the codecs. */
  pool: Pick<Queue, 'versions'>
  /** Told once why the work is done here. */
  warn(error: ImagemillError): void
  /**
   * Told when work goes to the workers again: then they are looked for as long as they are away, as a service needs it. Left out
   * for a build, which does the rest here.
   */
  onBack?: ((message: string) => void) | undefined
}

/** Keeps a session with workers. */
export interface Keeper extends Pick<Complaints, 'complain' | 'praise'> {
  /** Undefined where work is to be done here. Only what is wrong with the settings is an error. */
  session(): Promise<Session | undefined>
  /** What was seen last. */
  machines(): Machines
  close(): Promise<void>
}

/** Time that workers which are started together with a build are waited for, in ms. */
const ARRIVAL = 5000

/** Pause before they are looked for again, in ms. */
const AGAIN = 3000

export function openKeeper({ pool, warn, onBack, ...connecting }: KeeperOptions): Keeper {
  let opening: Promise<Session | undefined> | undefined
  let timer: NodeJS.Timeout | undefined
  // Whether its settings were found to be right: what is wrong with them later is not for those who ask.
  let accepted = false
  // Nothing else is known before the first look.
  let machines: Machines = { reached: true, workers: 0 }
  let closed = 0

  const where = `work goes to the workers at the Redis at ${hostOf(connecting.redis)}`
  const { complain, praise, withdraw } = openComplaints(warn, onBack && (() => onBack(where)))

  const connect = async (patience: number): Promise<Session> => {
    let reached = false
    const versions = await encoderVersions(() => pool.versions())
    return openSession({
      ...connecting,
      versions,
      engine: describeEngine(versions),
      patience,
      lasting: onBack !== undefined,
      onSight(seen) {
        reached = accepted = true
        machines = seen
      },
    }).catch((error: unknown) => {
      if (!reached) machines = { reached: false, workers: 0 }
      throw error
    })
  }

  /** Opens a session and follows it to its end; what it fails with is told. */
  const begin = async (patience: number): Promise<Session | undefined> => {
    const turn = closed
    try {
      const session = await connect(patience)
      if (turn !== closed) {
        await session.close()
        throw cancelled()
      }
      withdraw()
      void session.over.then((error) => {
        if (!onBack || turn !== closed) return
        complain(error)
        opening = Promise.resolve(undefined)
        later()
      })
      return session
    } catch (error) {
      const known = asImagemillError(error)
      if (turn === closed) later()
      if (known.code !== 'QUEUE_UNREACHABLE' && !accepted) throw known
      if (turn === closed) complain(known)
      return undefined
    }
  }

  /** Nobody waits for what is looked for again: until it is found, work is done here. */
  const later = (): void => {
    if (!onBack) return
    clearTimeout(timer)
    const look = (): void => {
      const turn = closed
      const found = begin(0)
      const use = (session: Session | undefined): unknown => session && turn === closed && (opening = found)
      void found.then(use, () => undefined)
    }
    timer = setTimeout(look, AGAIN).unref()
  }

  const session = (): Promise<Session | undefined> => (opening ??= begin(ARRIVAL))
  // Who lasts says how it is before anything is asked.
  if (onBack) session().catch(() => undefined)

  return {
    session,
    complain,
    praise,
    machines: () => machines,
    async close() {
      closed++
      clearTimeout(timer)
      const last = await opening?.catch(() => undefined)
      opening = undefined
      await last?.close()
    },
  }
}
