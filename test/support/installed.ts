import { execFileSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'

/** Tests with a program of the system. Without it they are left out with a word about it, unless everything is required. */
export function withProgram(name: string, install: string, tests: (path: string) => void): void {
  const path = findProgram(name)
  if (path !== undefined) {
    describe(`with ${name}`, () => tests(path))
    return
  }
  const missing = `there is no ${name}: apt-get install ${install}`
  if (process.env['IMAGEMILL_REQUIRE_ALL'] === '1')
    return test(`there is ${name}`, () => expect.fail(`IMAGEMILL_REQUIRE_ALL is set, but ${missing}`))
  console.warn(`The tests with ${name} are left out, for ${missing}.`)
  // A file without any test would fail.
  test(`nothing, for ${missing}`, () => undefined)
}

function findProgram(name: string): string | undefined {
  try {
    // Debian has servers in folders that only root searches.
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/local/sbin`
    return execFileSync('/bin/sh', ['-c', `command -v ${name}`], { encoding: 'utf8', env: { PATH: path } }).trim()
  } catch {
    return undefined
  }
}
