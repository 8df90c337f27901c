import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { onTestFinished } from 'vitest'

export interface Project {
  root: string
  write(name: string, content: string | Uint8Array): string
}

/** A folder with the given files, removed when the test is over. It has a package.json, so the cache is inside it. */
export function project(files: Record<string, string | Uint8Array> = {}): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'imagemill-test-')))
  onTestFinished(() => remove(root))
  const write = (name: string, content: string | Uint8Array): string => {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }
  write('package.json', '{ "type": "module" }')
  for (const [name, content] of Object.entries(files)) write(name, content)
  return { root, write }
}

/** What a store still writes in the background may come into a folder that was just emptied: then all of it is removed again. */
async function remove(root: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return rmSync(root, { recursive: true, force: true })
    } catch (error) {
      if (tries === 20) throw error
      await sleep(50)
    }
  }
}
