import type { Inspection } from '../../contract/inspection.ts'

export interface Embedded {
  inspection: Inspection
  /** Address of the build folder. */
  files?: string
}

/** The data of a report, which is in the page itself; undefined on the dev server. */
export function readData(): Embedded | undefined {
  const text = document.querySelector('#data')?.textContent ?? ''
  // Written by the very version that reads it.
  return text === '' ? undefined : (JSON.parse(text) as Embedded)
}
