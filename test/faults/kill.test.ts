import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { rounds, seeded } from '../support/faults.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { isRunning, startBuild, until, workersOf } from '../support/processes.ts'

const options = { manifest: false as const, logLevel: 'warn' as const }
const KILLS = rounds(10, 50)

test(`a build that is killed ${KILLS} times and then finishes is like one that was never disturbed`, { timeout: 300_000 }, async () => {
  const { root } = await gallery({ query: 'w=16;24;32;64;128&format=avif;webp;jpeg', px: 160 })
  const clean = await buildVite(root, { options: { ...options, cache: { dir: 'other' } } })
  const cache = join(root, CACHE)
  const random = seeded(1)
  let kept = 0
  for (let round = 0; round < KILLS; round++) {
    const { child, ended } = startBuild(root, { options })
    // Killed at a random moment after the first worker has come, so that most kills hit the writing.
    await Promise.race([until('there are workers', () => workersOf(child.pid).length > 0), ended])
    await sleep(random() * 600)
    // Stopped first, so that no worker starts after they are counted.
    child.kill('SIGSTOP')
    const workers = workersOf(child.pid)
    child.kill('SIGKILL')
    await ended
    await until('its workers are gone', () => !workers.some(isRunning))
    expect(damagedFiles(cache)).toEqual([])
    kept = entryFiles(cache, 'cas').length
    // Half done is more telling than done: it goes on from there, or begins anew.
    if (kept > 40) rmSync(cache, { recursive: true })
  }
  const { code, output } = await startBuild(root, { options }).ended
  expect({ code, output }).toEqual({ code: 0, output: expect.not.stringMatching(/^imagemill: /m) })
  expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
  expect([...entryFiles(cache, 'tmp'), ...entryFiles(cache, 'claims')]).toEqual([])
  expect(entryFiles(cache, 'runs')).toHaveLength(1)
})

test('the workers of a build that is killed go with it, even in the middle of an encode', async () => {
  const { root } = await gallery({ photos: 2, query: 'w=3000&allowUpscale&format=avif&effort=9&lossless' })
  const { child, ended } = startBuild(root, { options })
  await until('both workers are there', () => workersOf(child.pid).length === 2)
  await sleep(1500)
  const workers = workersOf(child.pid)
  child.kill('SIGKILL')
  await ended
  await until('they are gone', () => !workers.some(isRunning))
})

test('a process ends by itself when its build is done, and takes its workers along', async () => {
  const { root } = await gallery()
  const { child, ended } = startBuild(root, { options })
  await until('there is a worker', () => workersOf(child.pid).length > 0)
  const workers = workersOf(child.pid)
  let built = 0
  child.stdout?.on('data', () => (built = performance.now()))
  expect(await ended).toMatchObject({ code: 0 })
  // Idle workers are kept for 10 s; nobody waits for them.
  expect(performance.now() - built).toBeLessThan(5000)
  await until('they are gone', () => !workers.some(isRunning))
})
