/** What waits for a process. `begin` takes it from where it waits, before it does anything else. */
export interface Turn {
  /** Memory that it will take. */
  bytes: number
  begin(): Promise<void>
}

export interface Lanes {
  /** Most turns at a time. */
  concurrency: number
  /** Most bytes at a time; a turn that takes more has them alone. */
  memory: number
  /** Whose turn it is. */
  next(): Turn | undefined
}

/** Begins as many turns as there is room for when it is told to; each that ends makes room by itself. */
export function openLanes({ concurrency, memory, next }: Lanes): { fill(): void; busy(): number } {
  let running = 0
  let taken = 0
  const run = async ({ bytes, begin }: Turn): Promise<void> => {
    running++
    taken += bytes
    try {
      await begin()
    } finally {
      running--
      taken -= bytes
      fill()
    }
  }
  const fill = (): void => {
    for (let turn = next(); turn; turn = next()) {
      if (running >= concurrency || (taken > 0 && taken + turn.bytes > memory)) return
      void run(turn)
    }
  }
  return { fill, busy: () => running }
}
