import type { ErrorCode, ImagemillError } from '../../errors.ts'

export interface Complaints {
  /** Tells of a failure of the others: once, or where they are looked for again once for each code until they work. */
  complain(error: ImagemillError): void
  /** Notes that they answered. */
  praise(): void
  /** Tells that they are back, if they were complained of. */
  withdraw(): void
}

/** Workers of which some fail now and then are not told of more often, in ms. */
const QUIET = 60_000

export function openComplaints(warn: (error: ImagemillError) => void, onBack: (() => void) | undefined): Complaints {
  const told = new Set<ErrorCode>()
  let since = 0
  const withdraw = (): void => {
    if (!onBack || told.size === 0) return
    told.clear()
    onBack()
  }
  return {
    complain(error) {
      if (told.size === 0) since = performance.now()
      if (onBack ? !told.has(error.code) : told.size === 0) warn(error)
      told.add(error.code)
    },
    praise() {
      if (performance.now() - since > QUIET) withdraw()
    },
    withdraw,
  }
}
