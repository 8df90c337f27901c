import type { InspectedOutput, InspectedRequest } from '../contract/inspection.ts'
import type { Pipeline } from '../pipeline.ts'
import type { Output } from '../types.ts'
import type { Job } from './api.ts'
import { orNone } from './inspect-facts.ts'
import { referenceOf } from './reference.ts'

/** Pictures that a report holds itself, so that they can be compared wherever it is opened. */
export interface ReportPictures {
  /** Adds to the outputs of a request their bytes and what they were encoded from, as far as there is room. */
  add(job: Job, outputs: InspectedOutput[]): Promise<Pick<InspectedRequest, 'references'>>
  /** Requests whose pictures found no room. */
  leftOut(): number
}

/** Bytes of all pictures of a report, and requests with some: each costs an encoding. A page of more opens slowly. */
const MOST_BYTES = 24e6
const MOST_REQUESTS = 100

/** Pixels of a picture that is taken rather than a larger one, and of one that is taken if all are larger. */
const SMALL = 400e3
const LARGE = 2.1e6

export function openReportPictures(pipeline: Pipeline): ReportPictures {
  let [bytes, requests, leftOut] = [0, 0, 0]

  const read = async (job: Job, output: Output): Promise<Buffer | undefined> =>
    orNone(async () => (await pipeline.read({ source: job.source, output })).bytes)

  const add: ReportPictures['add'] = async (job, outputs) => {
    const group = comparable(job, outputs)
    const [first] = group
    if (!first) return {}
    if (bytes >= MOST_BYTES || ++requests > MOST_REQUESTS) {
      leftOut++
      return {}
    }
    // Kept in the store, as the next build writes a report too.
    const reference = await read(job, referenceOf(first.output, 'webp'))
    const pictures = await Promise.all(group.map(async ({ output }) => read(job, output)))
    const size = [reference, ...pictures].reduce((sum, picture) => sum + (picture?.length ?? 0), 0)
    if (!reference || bytes + size > MOST_BYTES) {
      leftOut++
      return {}
    }
    bytes += size
    for (const [index, { inspected }] of group.entries()) {
      const picture = pictures[index]
      if (picture) Object.assign(inspected, { data: dataUri(inspected.format, picture), reference: 0 })
    }
    return { references: [dataUri('webp', reference)] }
  }

  return { add, leftOut: () => leftOut }
}

interface Pair {
  output: Output
  inspected: InspectedOutput
}

/** The outputs of one size and cut, in all formats: the largest of the last format that is small enough for a page of many. */
function comparable({ source, plan }: Job, outputs: InspectedOutput[]): Pair[] {
  if (source.header.width === 0) return []
  const made = outputs.flatMap((inspected): Pair[] => {
    const output = plan.outputs.find(({ key }) => key === inspected.key)
    return output && inspected.status === 'completed' ? [{ output, inspected }] : []
  })
  const area = ({ output: { picture } }: Pair): number => picture.width * picture.height
  const last = made.filter(({ output }) => output.encoding.format === made.at(-1)?.output.encoding.format)
  const sorted = last.toSorted((a, b) => area(b) - area(a))
  const chosen = sorted.find((pair) => area(pair) <= SMALL) ?? sorted.findLast((pair) => area(pair) <= LARGE)
  if (!chosen) return []
  const picture = JSON.stringify(chosen.output.picture)
  return made.filter(({ output }) => JSON.stringify(output.picture) === picture)
}

function dataUri(format: string, bytes: Buffer): string {
  return `data:image/${format};base64,${bytes.toString('base64')}`
}
