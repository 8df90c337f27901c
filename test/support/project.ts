import { mkdtempSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'

export interface Project {
  root: string
  write(name: string, content: string | Uint8Array): string
}

/** A folder with the given files, removed when the test is over. It has a package.json, so the cache is inside it. */
export function project(files: Record<string, string | Uint8Array> = {}): Project {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'imagemill-test-')))
  // What a store still writes in the background may make a folder that was just emptied.
  onTestFinished(() => rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }))
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
