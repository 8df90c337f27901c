import { setMaxListeners } from 'node:events'
import { systemCode } from '../errors.ts'

/** Exit codes that shells give to a command that a signal ended. */
const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

export interface Interrupt {
  /** Aborted by Ctrl-C and the like, and when nobody reads what is printed. */
  signal: AbortSignal
  /** The exit code that the interruption asks for, if there was one that asks for any. */
  code(): number | undefined
}

/** Turns the ways in which a command may be told to end into one; the second time it is not asked politely. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  // Every job under way listens.
  setMaxListeners(0, controller.signal)
  let code: number | undefined
  for (const [name, value] of Object.entries(CODES)) {
    process.once(name, () => {
      code ??= value
      controller.abort()
    })
  }
  process.stdout.on('error', (error) => {
    if (systemCode(error) === 'EPIPE') controller.abort()
  })
  return { signal: controller.signal, code: () => code }
}
