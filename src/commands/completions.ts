import { UsageError, readArguments } from './arguments.ts'
import { COMMANDS } from './main.ts'
import { print } from './run-jobs.ts'

export const help = `Usage: imagemill completions bash
       imagemill completions zsh

Prints a script for the shell: source <(imagemill completions bash)
`

/** Words after a command that are neither files nor options. */
const WORDS: Readonly<Record<string, string>> = { cache: 'ls verify prune clear', webhooks: 'ls replay', completions: 'bash zsh' }

export async function run(args: readonly string[]): Promise<number> {
  const [shell] = readArguments(args, {}, 1).positionals
  if (shell !== 'bash' && shell !== 'zsh') throw new UsageError('expected bash or zsh')
  await print(`${shell === 'zsh' ? 'autoload -Uz bashcompinit && bashcompinit\n' : ''}${await script()}`)
  return 0
}

/** The options are read from the help, so that none is forgotten. */
async function script(): Promise<string> {
  const cases = await Promise.all(
    Object.entries(COMMANDS).map(async ([name, { load }]) => {
      const options = [...(await load()).help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, option]) => option)
      return `    ${name}) words="${[WORDS[name], ...options, '--help'].filter(Boolean).join(' ')}" ;;`
    }),
  )
  return `_imagemill() {
  local words
  if [ "$COMP_CWORD" = 1 ]; then words="${Object.keys(COMMANDS).join(' ')} --help --version"
  else case "\${COMP_WORDS[1]}" in
${cases.join('\n')}
  esac; fi
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _imagemill imagemill
`
}
