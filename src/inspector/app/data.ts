import type { InspectedOutput, InspectedRequest, Inspection } from '../../contract/inspection.ts'

export type { InspectedOutput, InspectedRequest, InspectedSearch, Inspection, LiveState } from '../../contract/inspection.ts'

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

export const embedded = readData()

/** Whether there is a server that can be asked. */
export const isLive = embedded === undefined

export function thumbnailUrl({ id, thumbnail, source }: InspectedRequest): string | undefined {
  return isLive ? `api/thumbnail/${id}?${source.sha256?.slice(0, 12) ?? ''}` : thumbnail
}

/** Where a browser finds the bytes of an output; undefined for a report that does not know. */
export function outputUrl({ path, status, original }: InspectedOutput): string | undefined {
  if (path === undefined || original || status === 'failed') return undefined
  if (isLive) return `../${path}`
  return embedded?.files === undefined ? undefined : embedded.files + path.split('/').map(encodeURIComponent).join('/')
}

/** Where the picture of an output is: in the page itself, or where its bytes are. */
export function pictureUrl(output: InspectedOutput): string | undefined {
  return output.data ?? outputUrl(output)
}

export function sourceUrl({ id }: InspectedRequest): string | undefined {
  return isLive ? `api/source/${id}` : undefined
}

/** The pixels that an output was encoded from. */
export function referenceUrl({ id, references }: InspectedRequest, { key, reference }: InspectedOutput): string | undefined {
  return isLive ? `api/reference/${id}/${key}` : reference === undefined ? undefined : references?.[reference]
}
