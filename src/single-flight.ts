/** Runs the work of one key once at a time: callers that arrive meanwhile share its promise. */
export function singleFlight<T>(): (key: string, work: () => Promise<T>) => Promise<T> {
  const flying = new Map<string, Promise<T>>()
  return (key, work) => {
    const shared = flying.get(key)
    if (shared) return shared
    const promise = work().finally(() => flying.delete(key))
    flying.set(key, promise)
    return promise
  }
}
