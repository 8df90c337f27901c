/** Requests that wait for an image; a browser has some hundred under way at once, and the next ones would wait for long. */
const MOST_WAITING = 1000

/** Images between two looks at the size of the cache. */
const SWEEP_EVERY = 100

/** What a dev server does at a time, so that whoever asks for image after image fills neither its memory nor its disk. */
export interface DevWork {
  /** Does what a request waits for; undefined when too many wait already. */
  take<T>(work: () => Promise<T>): Promise<T> | undefined
}

export function openDevWork(sweep: () => Promise<void>): DevWork {
  let waiting = 0
  let done = 0
  let sweeping = Promise.resolve()
  return {
    take(work) {
      if (waiting >= MOST_WAITING) return undefined
      waiting++
      return work().finally(() => {
        waiting--
        if (++done % SWEEP_EVERY === 0) sweeping = sweeping.then(sweep)
      })
    },
  }
}
