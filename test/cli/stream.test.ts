import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { failure, ndjson, recordsIn, runCli, startCli, success } from '../support/cli.ts'
import { batchResultSchema } from '../../src/contract/batch.ts'
import { filesOf } from '../support/build.ts'
import { isRunning, until, workersOf } from '../support/processes.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'

const CLI = join(import.meta.dirname, '../../dist/cli.js')

const resize = (n: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  operation: 'resize',
  input: 'photo.jpg',
  output_dir: `out/${n}`,
  widths: [n],
  format: 'webp',
  ...more,
})

describe('--stream', () => {
  test('a record a line in the order of the lines, though the first takes longest', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(100, 80), 'large.jpg': await jpeg(640, 480) })
    const slow = resize(600, { input: 'large.jpg', format: 'avif', effort: 5 })
    const jobs = [slow, ...Array.from({ length: 30 }, (_, index) => resize(index + 1))]
    const { code, records, stderr } = await runCli(root, ['process', '--stream'], ndjson(jobs))
    expect(code).toBe(0)
    expect(records.map((record) => success(record).outputs[0]?.width)).toEqual([
      600,
      ...Array.from({ length: 30 }, (_, index) => index + 1),
    ])
    expect(stderr).toContain('31 jobs, 0 failed')
    expect(
      stderr
        .trim()
        .split('\n')
        .filter((line) => !line.startsWith('imagemill  ')),
    ).toEqual([])
    for (const { outputs } of records.map(success))
      for (const { path, width, height } of outputs) expect(await sharp(join(root, path)).metadata()).toMatchObject({ width, height })
  })

  test('bad lines are answered, too, each in its place', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 30) })
    const good = JSON.stringify(resize(10))
    const lines = [
      good,
      '{"operation":',
      '',
      '"text"',
      '[]',
      'null',
      Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]),
      `{"operation":"resize","padding":"${'x'.repeat(10_000_000)}"}`,
      `${good}\r`,
      // The last line has no end.
      good,
    ]
    const { code, records } = await runCli(
      root,
      ['process', '--stream'],
      Buffer.concat(lines.flatMap((line) => [Buffer.from('\n'), Buffer.from(line)]).slice(1)),
    )
    expect(code).toBe(1)
    expect(records.map(({ success: ok }) => ok)).toEqual([true, false, false, false, false, false, false, false, true, true])
    expect(records.filter((record) => !record.success).map((record) => failure(record))).toMatchObject([
      { operation: 'unknown', code: 'INPUT_INVALID', error: expect.stringContaining('The job is not JSON') },
      { code: 'INPUT_INVALID', error: 'There is no job: expected a JSON object, received an empty line' },
      { code: 'INPUT_INVALID', error: 'A job is a JSON object with an `operation`, received "text"' },
      { code: 'INPUT_INVALID', error: 'A job is a JSON object with an `operation`, received []' },
      { code: 'INPUT_INVALID', error: 'A job is a JSON object with an `operation`, received null' },
      { code: 'INPUT_INVALID', error: 'The job is not valid UTF-8' },
      { code: 'INPUT_INVALID', error: 'The JSON is too long: expected at most 4000000 bytes' },
    ])
  })

  test('an answer comes as soon as there is one, not when the input ends', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 30) })
    const { child, ended } = startCli(root, ['process', '--stream'])
    let heard = ''
    child.stdout?.on('data', (text: string) => (heard += text))
    for (const n of [10, 20]) {
      child.stdin?.write(ndjson([resize(n)]))
      await until(`the record of ${n} is printed`, () => recordsIn(heard).length === n / 10)
    }
    child.stdin?.end()
    expect((await ended).code).toBe(0)
  })

  test('two jobs that would write other bytes to one file: the second is refused and names both', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 30), 'deep/photo.jpg': await jpeg(40, 30, 7) })
    const to = { output_dir: 'out' }
    const jobs = [
      resize(10, to),
      resize(10, { ...to, input: 'deep/photo.jpg' }),
      resize(10, { output_dir: 'deep/../out' }),
      resize(10, { ...to, quality: 5 }),
    ]
    const { records } = await runCli(root, ['process', '--stream'], ndjson(jobs))
    const [first, second, third, fourth] = records
    expect(success(third).outputs[0]?.size_bytes).toBe(success(first).outputs[0]?.size_bytes)
    expect(failure(second)).toMatchObject({
      code: 'OUTPUT_CONFLICT',
      error: 'Two jobs write different images to out/photo-10.webp: line 1 and line 2',
    })
    expect(failure(fourth).error).toBe('Two jobs write different images to out/photo-10.webp: line 1 and line 4')
    expect(readFileSync(join(root, 'out/photo-10.webp')).length).toBe(success(first).outputs[0]?.size_bytes)
  })

  test('a reader that goes away ends it, and what was written is whole', async () => {
    const { root, write } = project({ 'photo.jpg': await jpeg(600, 400) })
    write('jobs.ndjson', ndjson(Array.from({ length: 300 }, (_, index) => resize(index + 1))))
    const script = `"${process.execPath}" "${CLI}" process --stream < jobs.ndjson | head -1; echo "\${PIPESTATUS[0]}"`
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: root, encoding: 'utf8' })
    const [line = '', code] = stdout.split('\n')
    expect(success(recordsIn(line)[0]).outputs).toMatchObject([{ path: 'out/1/photo-1.webp' }])
    expect(code).toBe('0')
    expect(stderr).not.toContain('EPIPE')
    const files = filesOf(join(root, 'out'))
    expect(files.size).toBeLessThan(300)
    for (const [path, bytes] of files) expect((await sharp(bytes).metadata()).width).toBe(Number(path.split('/')[0]))
  })

  test.each([
    ['SIGTERM', 143, 'to the command alone'],
    // As Ctrl-C does: its workers die at the same time.
    ['SIGINT', 130, 'to all processes'],
  ] as const)('%s (%i) %s: what was done is told and stays, nothing is left behind', async (signal, code, to) => {
    const { root, write } = project({ 'photo.jpg': await jpeg(600, 400), 'large.png': await png(1800, 1800) })
    // The second job takes far longer than the test waits.
    const slow = resize(1700, { input: 'large.png', format: 'avif', lossless: true, effort: 9 })
    write('jobs.ndjson', ndjson([resize(100), slow, ...Array.from({ length: 50 }, (_, index) => resize(index + 1))]))
    const { child, ended } = startCli(root, ['batch', 'jobs.ndjson'], { detached: true })
    await until('later jobs are done', () => files(root).length > 4)
    const workers = workersOf(child.pid)
    expect(workers.length).toBeGreaterThan(0)
    process.kill(to === 'to all processes' ? -(child.pid ?? 0) : (child.pid ?? 0), signal)
    const { code: exit, records, signal: killed } = await ended
    expect([exit, killed]).toEqual([code, null])
    // The first, the one that was stopped, and those that were done or begun behind it.
    expect(success(records[0]).outputs[0]?.path).toBe('out/100/photo-100.webp')
    expect(failure(records[1])).toMatchObject({ code: 'CANCELLED', retryable: true })
    expect(records.length).toBeLessThan(52)
    const told = records.flatMap((record) => (record.success ? record.outputs.map(({ path }) => path) : []))
    expect(told.length).toBeGreaterThan(4)
    expect(files(root)).toEqual(told.sort())
    await until('no worker is left', () => !workers.some(isRunning))
    // The next run finds what this one made.
    expect((await runCli(root, ['process', '--job', JSON.stringify(resize(100))])).records[0]).toEqual(records[0])
  })
})

function files(root: string): string[] {
  try {
    return readdirSync(join(root, 'out'), { recursive: true, withFileTypes: true })
      .filter((item) => item.isFile())
      .map((item) => join(item.parentPath, item.name).slice(root.length + 1))
      .sort()
  } catch {
    // There is nothing yet.
    return []
  }
}

describe('batch', () => {
  test('a file of lines and a file with an array give the same records', async () => {
    const { root, write } = project({ 'photo.jpg': await jpeg(40, 30) })
    const jobs = [resize(10), { operation: 'nothing' }, resize(20)]
    write('jobs.ndjson', ndjson(jobs))
    write('jobs.json', `\n ${JSON.stringify(jobs, undefined, 2)}`)
    const [lines, array] = [await runCli(root, ['batch', 'jobs.ndjson']), await runCli(root, ['batch', 'jobs.json'])]
    expect(lines.code).toBe(1)
    expect(lines.records.map(({ success: ok }) => ok)).toEqual([true, false, true])
    expect(array).toMatchObject({ code: 1, stdout: lines.stdout })
    write('broken.json', '[{')
    expect(await runCli(root, ['batch', 'broken.json'])).toMatchObject({ code: 2, stdout: '' })
  })

  test('as an operation it makes one record', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 30) })
    const batch = async (jobs: unknown[]): Promise<unknown> =>
      JSON.parse((await runCli(root, ['process', '--job', JSON.stringify({ operation: 'batch', jobs })])).stdout)
    const done = await batch([resize(10), resize(20)])
    expect(done).toMatchObject({
      success: true,
      operation: 'batch',
      outputs: [],
      metadata: { jobs_total: 2, jobs_succeeded: 2, results: [{ outputs: [{ width: 10 }] }, { outputs: [{ width: 20 }] }] },
    })
    const failed = await batch([resize(10), { ...resize(20), input: 'none.jpg' }, { operation: 'batch', jobs: [] }])
    expect(failed).toMatchObject({
      success: false,
      error: '2 of 3 jobs failed, the first one with: Input file not found: none.jpg',
      code: 'JOBS_FAILED',
      metadata: {
        jobs_total: 3,
        jobs_succeeded: 1,
        results: [{ success: true }, { success: false }, { error: 'A batch cannot hold another batch' }],
      },
    })
    expect(batchResultSchema.parse(done)).toEqual(done)
    expect(batchResultSchema.parse(failed)).toEqual(failed)
    expect(await batch([])).toMatchObject({ success: false, code: 'INPUT_INVALID' })
  })
})
