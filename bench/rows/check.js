import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { measure } from '../measure.js'

/** How far the measured may be from what a known load really used. */
const TOLERANCE = 0.04

/** Before anything is measured, the measure itself: a load of five processes that know what they used, four of which outlive the first. */
export async function check({ work, node }) {
  const notes = join(work, 'notes')
  rmSync(notes, { recursive: true, force: true })
  mkdirSync(notes, { recursive: true })
  const run = await measure(node, 'burner', { self_ms: 400, child_ms: 1000, children: 4, megabytes: 50, notes })
  const noted = readdirSync(notes)
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(notes, name), 'utf8')))
  const real = noted.reduce((sum, { cpu_ms }) => sum + cpu_ms, 0)
  const held = noted.reduce((sum, { bytes }) => sum + bytes, 0)
  const off = run.cpu_ms / real - 1
  if (Math.abs(off) > TOLERANCE || run.processes !== noted.length || run.peak_pss < held * 0.95) {
    throw new Error(
      `the measure is wrong: ${run.cpu_ms} ms in ${run.processes} processes and ${run.peak_pss} bytes for ${real} ms in ${noted.length} processes and ${held} bytes`,
    )
  }
  return { runs: { check: [{ ...run, real_cpu_ms: real }] }, rows: [] }
}
