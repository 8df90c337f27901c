import { parseArgs, type ParseArgsConfig } from 'node:util'
import { systemCode } from '../errors.ts'
import { nearest } from '../query/spelling.ts'

/** Wrong usage of the command line: nothing was done. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

type Options = NonNullable<ParseArgsConfig['options']>
type Parsed<O extends Options> = ReturnType<typeof parseArgs<{ args: string[]; options: O; allowPositionals: true }>>

/** Arguments of a command by its table of options; an unknown one is refused with the one that may be meant. */
export function readArguments<const O extends Options>(args: readonly string[], options: O, most = 0): Parsed<O> {
  try {
    const parsed = parseArgs<{ args: string[]; options: O; allowPositionals: true }>({ args: [...args], options, allowPositionals: true })
    const extra = parsed.positionals[most]
    if (extra !== undefined) throw new UsageError(`unexpected argument ${JSON.stringify(extra)}`)
    return parsed
  } catch (error) {
    if (systemCode(error)?.startsWith('ERR_PARSE_ARGS') !== true || !(error instanceof Error)) throw error
    const [, name = ''] = /^Unknown option '--?([^']+)'/.exec(error.message) ?? []
    if (name === '') throw new UsageError(error.message.split('\n')[0], { cause: error })
    const near = nearest(name, Object.keys(options))
    throw new UsageError(`unknown option --${name}${near ? `: did you mean --${near}?` : ''}`, { cause: error })
  }
}

/** An option that is a whole number of at least 1. */
export function count(text: string | undefined, name: string): number | undefined {
  if (text === undefined) return undefined
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text)
  throw new UsageError(`invalid --${name}: expected a whole number of at least 1, received ${JSON.stringify(text)}`)
}
