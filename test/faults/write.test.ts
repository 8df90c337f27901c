import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { openStore } from '../../src/store/open.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { rounds, seeded } from '../support/faults.ts'
import { project } from '../support/project.ts'

const KILLS = rounds(20, 200)
const LANES = 4
const SCRIPT = join(import.meta.dirname, '../support/put-entries.js')

test(`${KILLS} kills in the middle of writing: no entry is half there, and what is half written goes`, async () => {
  const folder = join(project().root, 'cache')
  const random = seeded(2)
  const killOne = async (seed: number): Promise<void> => {
    const child = spawn(process.execPath, [SCRIPT, folder, String(seed)], { stdio: ['ignore', 'pipe', 'inherit'] })
    onTestFinished(() => void child.kill('SIGKILL'))
    await once(child.stdout, 'data')
    await sleep(random() * 120)
    child.kill('SIGKILL')
    await once(child, 'close')
  }
  const lane = async (first: number): Promise<void> => {
    for (let kill = first; kill < KILLS; kill += LANES) await killOne(kill)
  }
  await Promise.all(Array.from({ length: LANES }, (_, first) => lane(first)))
  // Seen before anything is healed; what was being written when it was killed is there, too, or this would prove nothing.
  expect(damagedFiles(folder)).toEqual([])
  // How far a writer comes depends on the machine; each of them came somewhere.
  expect(entryFiles(folder, 'ac').length).toBeGreaterThan(KILLS / 4)
  expect(entryFiles(folder, 'tmp').length).toBeGreaterThan(0)
  await (await openStore(folder)).close()
  expect([...entryFiles(folder, 'tmp'), ...entryFiles(folder, 'runs')]).toEqual([])
})
