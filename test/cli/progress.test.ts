import { describe, expect, test } from 'vitest'
import { progressEventSchema, type ProgressEvent } from '../../src/contract/progress.ts'
import { ndjson, runCli, type Ended } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const job = (input: string): object => ({ operation: 'resize', input, output_dir: 'out', widths: [20], format: 'webp' })

async function folder(): Promise<Project> {
  return project({ 'img/a.jpg': await jpeg(60, 40), 'img/b.jpg': await jpeg(60, 40, 2), 'img/c.jpg': await jpeg(60, 40, 3) })
}

function eventsIn({ stderr }: Ended): ProgressEvent[] {
  return stderr
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => progressEventSchema.parse(JSON.parse(line)))
}

describe('--json tells programs on standard error how far a run is', () => {
  const jobs = ['img/a.jpg', 'img/missing.jpg', 'img/c.jpg'].map(job)
  const ends = (events: readonly ProgressEvent[]): void => {
    const steps = events.filter(({ event }) => event === 'progress')
    const done = steps.map((step) => (step.event === 'progress' ? step.done : Number.NaN))
    expect(done).toEqual([...done].sort((a, b) => a - b))
    expect(steps.at(-1)).toMatchObject({ done: 3, failed: 1, current: null, left_ms: 0 })
    expect(events.at(-1)).toMatchObject({ event: 'end', done: 3, failed: 1 })
    expect(events.at(-2)?.event).toBe('progress')
  }

  test('a batch knows how many there are, in an array and a job a line', async () => {
    const { root, write } = await folder()
    write('jobs.json', JSON.stringify(jobs))
    write('jobs.ndjson', ndjson(jobs).trimEnd())
    for (const file of ['jobs.json', 'jobs.ndjson']) {
      const ended = await runCli(root, ['batch', file, '--json'])
      const events = eventsIn(ended)
      expect(events[0]).toEqual({ event: 'start', total: 3 })
      ends(events)
      expect(ended.code).toBe(1)
      expect(ended.records.map(({ success }) => success)).toEqual([true, false, true])
    }
  })

  test('a stream does not', async () => {
    const { root } = await folder()
    const events = eventsIn(await runCli(root, ['process', '--stream', '--json'], ndjson(jobs)))
    expect(events[0]).toEqual({ event: 'start', total: null })
    ends(events)
  })

  test('files of a glob do', async () => {
    const { root } = await folder()
    const ended = await runCli(root, ['img/*.jpg?w=20&format=webp', '--out', 'out', '--json'])
    const events = eventsIn(ended)
    expect(events[0]).toEqual({ event: 'start', total: 3 })
    expect(events.at(-2)).toMatchObject({ event: 'progress', done: 3, failed: 0, total: 3 })
    expect(ended.records).toHaveLength(3)
  })

  test('says nothing when there is nothing to do, and does not go with --quiet', async () => {
    const { root, write } = await folder()
    write('none.json', '[]')
    expect(await runCli(root, ['batch', 'none.json', '--json'])).toMatchObject({ code: 0, stdout: '', stderr: '' })
    expect(await runCli(root, ['batch', 'none.json', '--json', '--quiet'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--json and --quiet cannot be used together'),
    })
  })
})

test('for people there is one closing line of several jobs, and nothing of one, of none or when it is to be quiet', async () => {
  const { root, write } = await folder()
  write('jobs.json', JSON.stringify(['img/a.jpg', 'img/b.jpg'].map(job)))
  write('one.json', JSON.stringify([job('img/c.jpg')]))
  write('none.json', '[]')
  expect((await runCli(root, ['batch', 'jobs.json'])).stderr).toMatch(/(?:^|\n)imagemill {2}2 jobs, 0 failed, [\d.]+ m?s\n$/)
  expect((await runCli(root, ['batch', 'one.json'])).stderr).toBe('')
  expect((await runCli(root, ['batch', 'none.json'])).stderr).toBe('')
  expect((await runCli(root, ['batch', 'jobs.json', '--quiet'])).stderr).toBe('')
  // Nothing had to be made.
  expect((await runCli(root, ['batch', 'jobs.json'])).stderr).toBe('')
  write('more.json', JSON.stringify(['img/a.jpg', 'img/missing.jpg'].map(job)))
  expect((await runCli(root, ['batch', 'more.json'])).stderr).toMatch(/imagemill {2}2 jobs, 1 failed/)
})
