import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'

/** Every number of a part, and where it comes from. Nothing in it names the machine or its folders. */
export function writeRaw(folder, part, { node, rounds, photos, many, jobs, quick }, { rows, runs, facts = {} }) {
  const raw = join(folder, 'raw')
  mkdirSync(raw, { recursive: true })
  const versions = { node: execFileSync(node, ['-v'], { encoding: 'utf8' }).trim(), 'current node': process.version, ...packages() }
  const [cpu] = cpus()
  const machine = { cpus: cpus().length, model: cpu?.model ?? 'unknown', memory_gb: Math.round(totalmem() / 2 ** 30) }
  const setting = { quick, rounds, photographs: photos.length, many, jobs }
  writeFileSync(join(raw, `${part}.json`), `${JSON.stringify({ part, versions, machine, setting, facts, rows, runs }, rounded, 1)}\n`)
}

/** What is compared: ours, and the rest as it is installed here. */
function packages() {
  const read = (path) => JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'))
  const { node: _, ...rivals } = read('package.json').dependencies
  return {
    imagemill: read('../package.json').version,
    ...rivals,
    'sharp of imagemill': read('../node_modules/sharp/package.json').version,
    'sharp of ipx': read('node_modules/ipx/node_modules/sharp/package.json').version,
  }
}

function rounded(_key, value) {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value
}
