/** Tells whoever looks on what has changed: the id of a job, or the name of a request. Costs nothing while nobody does. */
export interface Changes {
  tell(what: string): void
  watch(listener: (what: string) => void): () => void
}

export function openChanges(): Changes {
  const listeners = new Set<(what: string) => void>()
  return {
    tell(what) {
      for (const listener of listeners) listener(what)
    },
    watch(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}
