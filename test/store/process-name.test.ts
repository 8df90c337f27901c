import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { hasEnded, processName } from '../../src/process-name.ts'
import { isRunning, until } from '../support/processes.ts'

const nameOf = (pid: number): string => `${processName(pid)}-ab`

test('this process runs, one with a number that is never given out has ended, and of others it is not known', () => {
  expect(hasEnded(nameOf(process.pid))).toBe(false)
  expect(hasEnded(nameOf(4194305))).toBe(true)
  expect([hasEnded('17-00000000-1-ab'), hasEnded('17-00000000-ab'), hasEnded('notes.txt'), hasEnded('')]).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
})

test.skipIf(!existsSync('/proc/self/stat'))('a process that was given the number of an earlier one is another', () => {
  const earlier = processName(process.pid).replace(/\d+$/, '1')
  expect(hasEnded(`${earlier}-ab`)).toBe(true)
})

// The shell becomes a `sleep`, which never asks about the child it has inherited.
test.skipIf(!existsSync('/proc/self/stat'))('a process that has ended and that nobody asks about any more has ended', async () => {
  const parent = spawn('sh', ['-c', 'sleep 0.2 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'ignore'] })
  onTestFinished(() => void parent.kill('SIGKILL'))
  const [line]: unknown[] = await once(parent.stdout, 'data')
  const pid = Number(String(line))
  await until('it has ended', () => !isRunning(pid))
  expect(() => process.kill(pid, 0)).not.toThrow()
  expect(hasEnded(nameOf(pid))).toBe(true)
})
