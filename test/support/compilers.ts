import { spawnSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

export const HOME = join(import.meta.dirname, '../..')

/** TypeScript 5.9, 6 and 7, by the names that they are installed under. */
export const COMPILERS = ['typescript5', 'typescript6', 'typescript'] as const
export type Compiler = (typeof COMPILERS)[number]

export const TSCONFIG = {
  compilerOptions: {
    module: 'esnext',
    moduleResolution: 'bundler',
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    noEmit: true,
    // The libraries take half of the time, and are no concern of ours.
    skipLibCheck: true,
    allowImportingTsExtensions: true,
  },
  include: ['src', '*.d.ts'],
}

/** Lets a project import packages of this one, by its own name or by that of a dependency. */
export function linkPackages(root: string, names: readonly string[] = ['imagemill']): void {
  mkdirSync(join(root, 'node_modules'), { recursive: true })
  for (const name of names)
    symlinkSync(name === 'imagemill' ? HOME : join(HOME, 'node_modules', name), join(root, 'node_modules', name), 'dir')
}

/** What a compiler says of a project, a line for each mistake: `src/main.ts:3 TS2322`. */
export function diagnose(root: string, compiler: Compiler, config = 'tsconfig.json'): string[] {
  const { stdout } = spawnSync(process.execPath, [join(HOME, 'node_modules', compiler, 'bin/tsc'), '-p', config, '--pretty', 'false'], {
    cwd: root,
    encoding: 'utf8',
  })
  const said = stdout.split('\n').filter((line) => line !== '' && !line.startsWith(' '))
  return said.map((line) => line.replace(/^(.*)\((\d+),\d+\): error (TS\d+).*$/, '$1:$2 $3'))
}

/** Every line of a file in which there is a mistake, as it is written. */
export function wrongLines(root: string, compiler: Compiler, file: string, text: string): string[] {
  const lines = text.split('\n')
  const said = diagnose(root, compiler)
  const numbers = said.map((line) => (line.startsWith(`${file}:`) ? Number(line.slice(file.length + 1).split(' ')[0]) : Number.NaN))
  return [...new Set(numbers.map((number, index) => lines[number - 1] ?? said[index] ?? ''))]
}
