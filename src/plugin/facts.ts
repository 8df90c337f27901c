import { asImagemillError } from '../errors.ts'
import type { JobSuccess } from '../contract/job-result.ts'
import { successRecord } from '../contract/record.ts'
import { sha256 } from '../hash.ts'
import { Expression, type Facts } from '../module/image.ts'
import type { Fact } from '../types.ts'
import type { Api, Job } from './api.ts'
import { below } from './error.ts'
import { pathBelow } from './path-below.ts'
import type { Place } from './place.ts'
import { tokenOf } from './tokens.ts'

/** Stands for an answer in the module of one request, so that what is used of equal files can be told apart. */
export function factId({ key }: Fact, { name }: Job): string {
  return sha256(`${key} ${name}`)
}

export function registerFacts(job: Job, api: Api): void {
  for (const fact of job.plan.facts) api.facts.set(factId(fact, job), { source: job.source, fact, written: job.written })
}

/**
 * The exports `placeholder` and `exif` of a module. In dev they are the answers; in a build they are tokens that are
 * filled in when the chunk is rendered, so that what is not used is not found out. A call is what no bundler looks into.
 */
export async function factExports(job: Job, place: Place): Promise<Facts> {
  const { placeholder, exif } = job.request.values
  const names = [...(placeholder ? ['placeholder'] : []), ...(exif?.[0] ? ['exif'] : [])]
  const entries = names.map(async (name): Promise<[string, Expression]> => {
    const fact = job.plan.facts.find(({ question }) => question.operation === name)
    if (!fact) return [name, new Expression('undefined')]
    const id = factId(fact, job)
    const code =
      place.devBase === undefined ? `/* @__PURE__ */ JSON.parse("${tokenOf('FACT', id)}")` : JSON.stringify(await answerOf(id, place))
    return [name, new Expression(code)]
  })
  return Object.fromEntries(await Promise.all(entries))
}

/** The answer that an id stands for; null when it cannot be found and the user wants to go on. */
export async function answerOf(id: string, { api, root }: Pick<Place, 'api' | 'root'>): Promise<Record<string, unknown> | null> {
  const planned = api.facts.get(id)
  if (!planned) throw new TypeError(`the code names fact ${id}, which was never planned`)
  const { source, written } = planned
  try {
    const { metadata, warning } = await api.pipeline(root).fact(planned)
    if (warning !== undefined) api.report.warn(`${pathBelow(root, source.file)}: ${warning}`)
    return metadata
  } catch (error) {
    const known = asImagemillError(error).at({ file: source.file, query: written })
    if (api.options.onError === 'fail') throw known
    api.report.warn(`${below(root, known).message} It is left out.`)
    planned.missing = true
    return null
  }
}

/** The exact record of a question about the source of a job. */
export async function makeFactResult(job: Job, fact: Fact, api: Api, root: string): Promise<{ records: JobSuccess[]; cached: boolean }> {
  const { metadata, elapsed_ms, cached } = await api.pipeline(root).fact({ source: job.source, fact })
  return { records: [successRecord(fact.question.operation, [], Math.round(elapsed_ms), metadata)], cached }
}
