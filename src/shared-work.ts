interface Flight<T> {
  promise: Promise<T>
  /** How many still want what it makes. */
  wanted: number
  controller: AbortController
  /** Whether someone has really begun with it, and who is to be told then. */
  begun: boolean
  told: Set<() => void>
}

type Work<T> = (signal: AbortSignal, begin: () => void) => Promise<T>

/**
 * Runs the work of one key once at a time: callers that arrive meanwhile share its promise. When the signals of all of
 * them are aborted, the work's own signal is; whoever comes after that begins anew. `onBegin` is called when the work says
 * that it is no longer waiting, at once when it has said so before.
 */
export function sharedWork<T>(): (key: string, work: Work<T>, signal?: AbortSignal, onBegin?: () => void) => Promise<T> {
  const flying = new Map<string, Flight<T>>()

  const start = (key: string, work: Work<T>): Flight<T> => {
    const controller = new AbortController()
    const told = new Set<() => void>()
    const begin = (): void => {
      flight.begun = true
      for (const tell of told) tell()
      told.clear()
    }
    const flight: Flight<T> = { promise: new Promise(() => undefined), wanted: 0, controller, begun: false, told }
    flight.promise = work(controller.signal, begin).finally(() => {
      if (flying.get(key) === flight) flying.delete(key)
    })
    flying.set(key, flight)
    return flight
  }

  return (key, work, signal, onBegin) => {
    const flight = flying.get(key) ?? start(key, work)
    flight.wanted++
    if (onBegin && flight.begun) onBegin()
    else if (onBegin) flight.told.add(onBegin)
    if (!signal) return flight.promise
    const leave = (): void => {
      if (onBegin) flight.told.delete(onBegin)
      if (--flight.wanted > 0) return
      if (flying.get(key) === flight) flying.delete(key)
      flight.controller.abort()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    return flight.promise.finally(() => signal.removeEventListener('abort', leave))
  }
}
