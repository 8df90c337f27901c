import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import type { PlannedOutput } from '../../src/pipeline.ts'
import { openReport, type Report } from '../../src/plugin/report.ts'
import type { StoredOutput } from '../../src/types.ts'

const { isTTY, write } = process.stderr
const { CI } = process.env

afterEach(() => {
  process.stderr.isTTY = isTTY
  process.stderr.write = write
  if (CI !== undefined) process.env['CI'] = CI
})

/** What is written to a terminal, or to a log. */
function listen(isTerminal: boolean): { text(): string } {
  let text = ''
  delete process.env['CI']
  process.stderr.isTTY = isTerminal
  process.stderr.write = (chunk: string | Uint8Array) => {
    text += String(chunk)
    return true
  }
  return { text: () => text }
}

function planned(name: string): PlannedOutput & { name: string } {
  return {
    name,
    source: {
      file: `/${name}.jpg`,
      digest: name,
      size_bytes: 1000,
      header: { format: 'jpeg', width: 100, height: 100, orientation: 1, frames: 1, alpha: false },
    },
    output: {
      key: name,
      picture: { width: 100, height: 100, orient: true, frames: 1, scale: 1 },
      encoding: { format: 'avif' },
      descriptor: '1x',
    },
  }
}

async function follow(report: Report, name: string, ms: number, cached = false): Promise<void> {
  const stored: StoredOutput & { cached: boolean } = { key: name, digest: name, size_bytes: 10, elapsed_ms: ms, cached }
  await report.follow(planned(name), wait(ms, stored))
}

test('one slow image is told of while it is made, on a terminal', async () => {
  const { text } = listen(true)
  const report = openReport('info')
  await follow(report, 'slow-100', 2200)
  expect(text()).toContain('imagemill  0/1 images, slow-100.avif')
  expect(text()).toMatch(/\u001B\[K$/)
})

test('and in a log, where a line comes from time to time', { timeout: 20_000 }, async () => {
  const { text } = listen(false)
  await follow(openReport('info'), 'slow-100', 11_000)
  expect(text()).toMatch(/^imagemill {2}0\/1 images, slow-100\.avif for 10 s\n$/)
})

test('nothing is told of what is there at once, nor when it is to be silent', async () => {
  const { text } = listen(true)
  await Promise.all([follow(openReport('info'), 'a-1', 20, true), follow(openReport('warn'), 'b-1', 1600)])
  expect(text()).toBe('')
})

test('a build that made nothing says so in one line', async () => {
  const lines: string[] = []
  const report = openReport('info')
  report.useLogger({ info: (line) => void lines.push(line), warn: () => undefined, error: () => undefined })
  await Promise.all([follow(report, 'a-1', 1, true), follow(report, 'b-1', 1, true)])
  report.summarise(0)
  report.summarise(0)
  expect(lines).toEqual(['imagemill: nothing to make, 2 hits, 0 made'])
  await follow(report, 'c-1', 1)
  report.summarise(0)
  expect(lines[1]).toContain('0 hits, 1 made')
})
