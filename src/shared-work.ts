interface Flight<T> {
  promise: Promise<T>
  /** How many still want what it makes. */
  wanted: number
  controller: AbortController
}

/**
 * Runs the work of one key once at a time: callers that arrive meanwhile share its promise. When the signals of all of
 * them are aborted, the work's own signal is; whoever comes after that begins anew.
 */
export function sharedWork<T>(): (key: string, work: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal) => Promise<T> {
  const flying = new Map<string, Flight<T>>()

  const start = (key: string, work: (signal: AbortSignal) => Promise<T>): Flight<T> => {
    const controller = new AbortController()
    const promise = work(controller.signal).finally(() => {
      if (flying.get(key) === flight) flying.delete(key)
    })
    const flight: Flight<T> = { promise, wanted: 0, controller }
    flying.set(key, flight)
    return flight
  }

  return (key, work, signal) => {
    const flight = flying.get(key) ?? start(key, work)
    flight.wanted++
    if (!signal) return flight.promise
    const leave = (): void => {
      if (--flight.wanted > 0) return
      if (flying.get(key) === flight) flying.delete(key)
      flight.controller.abort()
    }
    if (signal.aborted) leave()
    else signal.addEventListener('abort', leave, { once: true })
    return flight.promise.finally(() => signal.removeEventListener('abort', leave))
  }
}
