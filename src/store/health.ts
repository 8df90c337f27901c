import { ImagemillError } from '../errors.ts'

export interface HealthOptions {
  /** Name of the store, for people. */
  shown: string
  /** Failures after which it is left alone. */
  failures: number
  warn(error: ImagemillError): void
  /** Told when it is used again; left out where it is not looked at again. */
  onBack: ((message: string) => void) | undefined
  /** Whether it works now. */
  look(): Promise<boolean>
}

/** Whether a store is used. */
export interface Health {
  readonly reads: boolean
  readonly writes: boolean
  /** Tells of something that is wrong, unless something was told before. */
  complain(error: ImagemillError): void
  /** Notes a failure and answers it; one that costs `Infinity` counts as all of them. */
  note(reason: string, cost: number, cause?: unknown): ImagemillError
  /** Notes that it does not let us. */
  refuse(status: number, writing: boolean): ImagemillError
  /** Nothing that fails from now on is its fault. */
  end(): void
}

/** Pause before a store is looked at again, in ms. */
const AGAIN = 5000

export function openHealth({ shown, failures, warn, onBack, look }: HealthOptions): Health {
  // Who never gives up can wait again.
  const allOfThem = Number.isFinite(failures) ? failures : 1
  let [failed, reads, writes, told, over] = [0, true, true, false, false]
  let timer: NodeJS.Timeout | undefined

  const complain = (error: ImagemillError): void => {
    if (!told) warn(error)
    told = true
  }

  /** Nobody waits for a store that is looked at again. */
  const later = (): void => {
    if (!onBack || timer || over) return
    timer = setTimeout(() => void again(onBack), AGAIN).unref()
  }
  const again = async (tell: (message: string) => void): Promise<void> => {
    // That it is still away is nothing new.
    const works = await look().catch(() => false)
    timer = undefined
    if (!works) return later()
    if (told) tell(`the shared store at ${shown} is used again`)
    ;[failed, reads, writes, told] = [0, true, true, false]
  }

  return {
    get reads() {
      return reads
    },
    get writes() {
      return writes
    },
    complain,
    note(reason, cost, cause) {
      const error = unreachable(shown, reason, cause)
      failed += Math.min(cost, allOfThem)
      if (failed < failures || !reads || over) return error
      reads = writes = false
      complain(error)
      later()
      return error
    },
    /** A key that does not fit will not fit the next time either. */
    refuse(status, writing) {
      const error = refused(shown, status, writing)
      writes = false
      if (!writing) reads = false
      complain(error)
      later()
      return error
    },
    end() {
      over = true
      clearTimeout(timer)
    },
  }
}

export function unreachable(host: string, reason: string, cause?: unknown): ImagemillError {
  return new ImagemillError(
    {
      code: 'STORE_UNREACHABLE',
      message: `the shared store at ${host} ${reason}`,
      hint: 'The build goes on without it; what is missing is made here.',
    },
    { cause },
  )
}

function refused(host: string, status: number, writing: boolean): ImagemillError {
  return new ImagemillError({
    code: 'STORE_REFUSED',
    message: `the shared store at ${host} refused ${writing ? 'to be written to' : 'to answer'} (${status})`,
    hint: writing
      ? 'Check `store.token`, or set `store.write` to false where the token may only read.'
      : 'Check `store.token`, or IMAGEMILL_STORE_TOKEN in the environment; images are made here.',
  })
}
