import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { runCli } from '../support/cli.ts'
import { fuzzed } from '../support/fuzz.ts'
import { jpeg } from '../support/images.ts'
import { jobText, operationName } from '../support/job-fuzz.ts'
import { project, type Project } from '../support/project.ts'
import { startService } from '../support/service.ts'

// eslint-disable-next-line no-control-regex -- these are what must not be there
const CONTROL = /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/
const FAULTS = ['INTERNAL', 'WORKER_CRASHED', 'TIMEOUT', 'INTERNAL_ERROR']

async function site(): Promise<Project> {
  // Whatever a job names, it has to stay in this folder.
  const outer = project({ 'work/photos/photo.jpg': await jpeg(40, 30), 'work/photo.jpg': await jpeg(40, 30) })
  return { ...outer, root: join(outer.root, 'work') }
}

test('every line of a stream is answered by one record, whatever it holds', { timeout: 900_000 }, async () => {
  const { root } = await site()
  const { seed, numRuns } = fuzzed(100)
  // Absolute paths are for whoever runs the command to choose; here they would litter the machine.
  const lines = fc.sample(jobText, { seed, numRuns }).filter((line) => !/"(?:\/|\\|~|[a-z]:)|\.\.|etc|tmp/i.test(line))
  const { code, records, stdout, stderr } = await runCli(root, ['process', '--stream'], `${lines.join('\n')}\n`)
  expect({ code, stderr: stderr.split('\n').filter((line) => /^\s+at |Error|Warning/.test(line)) }).toEqual({ code: 1, stderr: [] })
  expect(stdout.trimEnd().split('\n')).toHaveLength(lines.length)
  for (const [index, record] of records.entries()) {
    if (record.success) continue
    const { code: reason = '', error } = record
    const about = { line: lines[index]?.slice(0, 300), reason, error }
    const flaws = { fault: FAULTS.includes(reason), control: CONTROL.test(error), long: error.length > 1500, none: error.length < 5 }
    expect({ ...about, ...flaws }).toEqual({ ...about, fault: false, control: false, long: false, none: false })
  }
  expect(records.some((record) => record.success)).toBe(true)
  expect(({} as Record<string, unknown>)['input']).toBeUndefined()
})

test('every posted job is answered, ends, and tells nothing of the machine', { timeout: 900_000 }, async () => {
  const { root } = await site()
  const service = await startService(root, ['--dir', 'photos', '--out', 'results', '--queue-limit', '100000'])
  const { seed, numRuns } = fuzzed(100)
  const posts = fc.sample(fc.tuple(operationName, jobText, fc.nat(9)), { seed, numRuns })
  const waiting: string[] = []
  const statuses = new Set<number>()
  for (const [operation, body, way] of posts) {
    const own = /"operation":"(\w+)"/.exec(body)?.[1] ?? operation
    const path = way === 0 ? '/job' : way < 3 ? `/v1/${operation}` : `/v1/${own}`
    const answer = await service.request(path, { method: 'POST', body, headers: { 'Content-Type': 'application/json' } })
    const text = await answer.text()
    statuses.add(answer.status)
    const about = { path, body: body.slice(0, 300), status: answer.status, text: text.slice(0, 300) }
    expect({
      ...about,
      known: [200, 202, 400, 404, 422].includes(answer.status),
      path: text.includes(root),
      stack: /\n\s+at /.test(text),
    }).toEqual({
      ...about,
      known: true,
      path: false,
      stack: false,
    })
    const { job_id } = answer.status === 202 ? (JSON.parse(text) as { job_id?: string }) : {}
    if (job_id !== undefined) waiting.push(job_id)
  }
  expect([...statuses]).toEqual(expect.arrayContaining([202, 400, 422]))
  for (const id of waiting) {
    const end = await service.end(id)
    if (end.status !== 'failed') continue
    const flaws = {
      fault: FAULTS.includes(end.failure_reason_code),
      control: CONTROL.test(end.error),
      path: JSON.stringify(end).includes(root),
    }
    expect({ error: end.error, ...flaws }).toEqual({ error: end.error, fault: false, control: false, path: false })
  }
  expect(service.log.filter(({ level }) => level === 'error')).toEqual([])
  // Nothing was written but where the service keeps its things.
  expect(readdirSync(root).sort()).toEqual(expect.arrayContaining(['photo.jpg', 'photos', 'results']))
  expect(readdirSync(join(root, 'photos'))).toEqual(['photo.jpg'])
  expect(readdirSync(join(root, '..')).sort()).toEqual(['node_modules', 'package.json', 'work'])
  expect(existsSync(join(root, 'out'))).toBe(false)
})
