import { ImagemillError } from '../errors.ts'
import { nearest } from '../query/spelling.ts'
import { isImageFile } from '../query/text.ts'
import { UsageError } from './arguments.ts'
import { version } from './version.ts'

/** One command: its help, and what it does, which answers the exit code. */
export interface Command {
  help: string
  run(args: readonly string[]): Promise<number>
}

/** Every command with what it is for; its modules are loaded when it is asked for. */
export const COMMANDS: Readonly<Record<string, { summary: string; load(): Promise<Command> }>> = {
  process: { summary: 'does a job, or one a line with --stream', load: () => import('./process.ts') },
  batch: { summary: 'does the jobs of a file', load: () => import('./batch.ts') },
  caps: { summary: 'says what this installation can do', load: () => import('./caps.ts') },
  files: { summary: 'makes every image of a glob', load: () => import('./files.ts') },
  serve: { summary: 'does jobs that come over HTTP', load: () => import('./serve.ts') },
  worker: { summary: 'makes the images of other machines', load: () => import('./worker.ts') },
  webhooks: { summary: 'lists messages that are not delivered, or tries them again', load: () => import('./webhooks.ts') },
  cache: { summary: 'lists, verifies, prunes or clears the cache', load: () => import('./cache.ts') },
  report: { summary: 'says what a build came to', load: () => import('./report.ts') },
  types: { summary: 'writes the types of all image imports', load: () => import('./types.ts') },
  migrate: { summary: 'lists what changes for a project with vite-imagetools', load: () => import('./migrate.ts') },
  completions: { summary: 'prints what a shell needs to complete these words', load: () => import('./completions.ts') },
}

/** Runs the command line; the answer is the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    return await dispatch(args)
  } catch (error) {
    if (error instanceof UsageError)
      return complain(`${error.message}\nSee: imagemill ${args[0] && Object.hasOwn(COMMANDS, args[0]) ? `${args[0]} ` : ''}--help`, 2)
    if (error instanceof ImagemillError) return complain(error.message, 1)
    throw error
  }
}

async function dispatch([first, ...rest]: readonly string[]): Promise<number> {
  if (first === undefined) return complain(help(), 2)
  if (first === '--help' || first === '-h' || first === 'help') return say((await COMMANDS[rest[0] ?? '']?.load())?.help ?? help())
  if (first === '--version' || first === '-v') return say(`${version()}\n`)
  const command = Object.hasOwn(COMMANDS, first) ? COMMANDS[first] : undefined
  if (command) {
    const { help: own, run } = await command.load()
    return wantsHelp(rest) ? say(own) : run(rest)
  }
  // Everything else is about files.
  if (!first.startsWith('-') && !first.includes('?')) throw unknown(first)
  return dispatch(['files', first, ...rest])
}

function unknown(word: string): UsageError {
  // No command looks like a path or a glob.
  if (/[*/\\]/.test(word) || isImageFile(word))
    return new UsageError(`there is no query behind ${word}: expected '<glob>?<query>', as in '${word}?w=640'`)
  const near = nearest(word, Object.keys(COMMANDS))
  return new UsageError(`unknown command ${JSON.stringify(word)}${near ? `: did you mean ${near}?` : ''}`)
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--')
  return args.slice(0, end < 0 ? args.length : end).some((word) => word === '--help' || word === '-h')
}

function help(): string {
  const list = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(12)} ${summary}`)
  return `Usage: imagemill <command> [options]
       imagemill '<glob>?<query>' --out <dir> [--dry-run]

${list.join('\n')}

  imagemill <command> --help    says more
  imagemill --version

Records are lines of JSON on standard output; everything else is on standard error.
Exit codes: 0 done, 1 a job failed, 2 wrong usage, 130 interrupted.
`
}

function say(text: string): number {
  process.stdout.write(text)
  return 0
}

function complain(text: string, code: number): number {
  process.stderr.write(`${text.trimEnd()}\n`)
  return code
}
