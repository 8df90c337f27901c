import fc from 'fast-check'
import { expect } from 'vitest'
import type { ErrorCode } from '../../src/errors.ts'

/** The everyday suite tries a few cases; `IMAGEMILL_FUZZ=20` tries so many times as many. */
const FACTOR = Number(process.env['IMAGEMILL_FUZZ'] ?? 1)

/** What makes a run the same again; another one tries other cases. */
const SEED = Number(process.env['IMAGEMILL_FUZZ_SEED'] ?? 1)

export function fuzzed(everyday: number): { seed: number; numRuns: number } {
  return { seed: SEED, numRuns: Math.round(everyday * FACTOR) }
}

/** Names that every object has, and words that mean something to some parser. */
const TRAPS = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '',
  ' ',
  '\0',
  '\u{FEFF}',
  '\r\nX-Injected: 1',
  '\u001B[31m',
  '\u0085\u2028\u2029',
  '\u{D800}',
  '%',
  '%00',
  '%2e%2e%2f',
  '%ff',
  '%E0%A4%A',
  '%u0041',
  '../../../../etc/passwd',
  '..\\..\\x',
  'C:\\x',
  '\\\\host\\share',
  '//host/x',
  'file:///etc/passwd',
  'data:,x',
  '<script>alert(1)</script>',
  '"\'`',
  '${1}',
  '$&',
  '{{1}}',
  '-0',
  '1e999',
  '9'.repeat(400),
  '0x10',
  'NaN',
  'Infinity',
  '١٢٣',
  '１２',
  'ﬁt',
  'İ',
  '👩‍👩‍👧‍👦',
  'a'.repeat(5000),
  ';'.repeat(3000),
  ','.repeat(3000),
  '&'.repeat(3000),
] as const

export const trap = fc.constantFrom<string>(...TRAPS)

/** Any text: short and long, of any script, broken surrogates and control characters included. */
export const anyText = fc.oneof(
  trap,
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.string({ maxLength: 300 }),
)

/** A text with a few letters replaced, put in, left out or doubled. */
export function nearly(texts: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const edit = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom('put', 'cut', 'set', 'twice'), anyText)
  return fc.tuple(texts, fc.array(edit, { maxLength: 3 })).map(([text, edits]) =>
    edits.reduce((before, [where, kind, piece]) => {
      const at = Math.floor(where * before.length)
      if (kind === 'put') return before.slice(0, at) + piece + before.slice(at)
      if (kind === 'cut') return before.slice(0, at) + before.slice(at + 1)
      if (kind === 'set') return before.slice(0, at) + piece.slice(0, 1) + before.slice(at + 1)
      return before.slice(0, at) + before.slice(at).repeat(2)
    }, text),
  )
}

/** Codes that say that something is wrong with us, and not with what we were given. */
const FAULTS: readonly ErrorCode[] = ['INTERNAL', 'WORKER_CRASHED', 'TIMEOUT', 'STORE_UNUSABLE']

/** Words that say nothing to whoever reads them. */
const NO_HELP = /Unknown error|corrupt header:|failOn|bad seek|undefined|\[object|native code/

/** What every failure is: one line that a person can read, of a cause that is not ours, with something to do about it. */
export function expectUseful(error: unknown): void {
  if (!(error instanceof Error) || !('code' in error) || !('reason' in error)) throw error
  const { message, code } = error
  const about = { code, message }
  expect({ ...about, fault: FAULTS.includes(code as ErrorCode) }).toEqual({ ...about, fault: false })
  // eslint-disable-next-line no-control-regex -- these are what must not be there
  expect({ ...about, control: /[\u0000-\u001F\u007F-\u009F\u2028\u2029]/.test(message) }).toEqual({ ...about, control: false })
  expect({ ...about, long: message.length > 1500 }).toEqual({ ...about, long: false })
  expect({ ...about, help: NO_HELP.test(String(error.reason).replace(/`[^`]*`/g, '')) }).toEqual({ ...about, help: false })
}
