import type { Caps } from '../contract/caps.ts'
import { OPERATION_NAMES } from '../jobs/run.ts'
import { openPool } from '../queue/pool.ts'
import { DIRECTIVES, FORMATS } from '../query/directives.ts'
import { SOURCE_FORMATS } from '../types.ts'
import { readArguments } from './arguments.ts'
import { print } from './run-jobs.ts'
import { version } from './version.ts'

export const help = `Usage: imagemill caps

Prints as JSON what this installation can do: operations, formats, directives, and the versions of sharp and its codecs.
`

export async function run(args: readonly string[]): Promise<number> {
  readArguments(args, {})
  await print(`${JSON.stringify(await capsOf(), undefined, 2)}\n`)
  return 0
}

async function capsOf(): Promise<Caps> {
  const queue = openPool({ concurrency: 1, memory: 1, timeout: 60_000, pixelLimit: 1 })
  try {
    const versions = Object.entries(await queue.versions()).filter((entry): entry is [string, string] => entry[1] !== undefined)
    return {
      version: version(),
      operations: [...OPERATION_NAMES],
      formats: { input: [...SOURCE_FORMATS], output: [...FORMATS] },
      directives: Object.fromEntries(Object.entries(DIRECTIVES).map(([name, { expected, list }]) => [name, { expected, list }])),
      sharp: Object.fromEntries(versions),
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    }
  } finally {
    await queue.close()
  }
}
