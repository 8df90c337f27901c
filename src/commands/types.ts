import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, relative, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { systemCode } from '../errors.ts'
import { isRecord } from '../hash.ts'
import { createApi, type Api } from '../plugin/api.ts'
import { resolveOptions } from '../plugin/options.ts'
import { projectTypes, type ProjectOptions, type ProjectTypes } from '../plugin/project-types.ts'
import { tsconfigResolver } from '../plugin/tsconfig-paths.ts'
import { readArguments } from './arguments.ts'

export const help = `Usage: imagemill types [folder] [--check]

Writes imagemill.d.ts: the exact type of every image import in the sources of a project, without building it.
Options of the plugin, such as \`defaults\`, \`presets\` and aliases, come from the Vite configuration where there is one.

  --check     writes nothing, and ends with 1 when the file is not up to date
`

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = readArguments(args, { check: { type: 'boolean' } }, 1)
  const root = resolve(positionals[0] ?? '.')
  const types = await typesOf(root)
  for (const problem of types.problems) process.stderr.write(`${problem}\n`)
  const name = relative(process.cwd(), types.path) || types.path
  const count = `${types.imports} image import${types.imports === 1 ? '' : 's'}`
  if (values.check && types.stale) process.stderr.write(`${name} is not up to date (${count}): run \`imagemill types\`\n`)
  const isWritten = !values.check && types.stale
  if (isWritten) await types.write()
  if (!types.stale || isWritten) process.stderr.write(`${isWritten ? `wrote ${name}` : `${name} is up to date`} (${count})\n`)
  return types.problems.length > 0 || (values.check && types.stale) ? 1 : 0
}

/** With Vite, the plugin of the configuration answers, which knows its options; without it, one with the defaults. */
async function typesOf(root: string): Promise<ProjectTypes> {
  const config = await viteConfig(root)
  const plugin = config?.plugins.find(({ api }) => isTypesApi(api))
  const options: ProjectOptions = {
    root: config?.root ?? root,
    publicDir: config ? config.publicDir || undefined : existing(join(root, 'public')),
    ignore: [config?.build.outDir ?? 'dist'],
    resolve: finder(root, config),
  }
  if (isTypesApi(plugin?.api)) return plugin.api.projectTypes(options)
  const api: Api = createApi(resolveOptions({ logLevel: 'silent' }))
  return projectTypes(api, options)
}

/** Finds files as Vite does; plugins for `paths` are not asked, and without Vite nobody is, so tsconfig.json and Node.js are. */
function finder(root: string, config: Config | undefined): ProjectOptions['resolve'] {
  const find = config?.createResolver({ preferRelative: false, tryIndex: false, extensions: [] })
  const findPath = tsconfigResolver(root)
  // Vite throws where the package.json does not know a `#name`, which may be one of `paths`.
  const byVite = async (specifier: string, importer: string): Promise<string | undefined> =>
    find?.(specifier, importer).catch(() => undefined)
  return async (specifier, importer) => (await byVite(specifier, importer)) ?? findPath(specifier) ?? inPackage(specifier, importer)
}

function inPackage(specifier: string, importer: string): string | undefined {
  try {
    return createRequire(importer).resolve(specifier)
  } catch (error) {
    if (['MODULE_NOT_FOUND', 'ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_PACKAGE_IMPORT_NOT_DEFINED'].includes(systemCode(error) ?? ''))
      return undefined
    throw error
  }
}

/** What the plugin offers to this command. */
interface TypesApi {
  projectTypes(options: ProjectOptions): Promise<ProjectTypes>
}

function isTypesApi(value: unknown): value is TypesApi {
  return isRecord(value) && typeof value['projectTypes'] === 'function'
}

/** What we use of Vite. */
interface Config {
  root: string
  publicDir: string
  build: { outDir: string }
  plugins: readonly { api?: unknown }[]
  createResolver(options: object): (specifier: string, importer: string) => Promise<string | undefined>
}

async function viteConfig(root: string): Promise<Config | undefined> {
  const path = vitePath(root)
  const configFile = ['ts', 'mts', 'cts', 'js', 'mjs', 'cjs'].map((ending) => join(root, `vite.config.${ending}`)).find(existsSync)
  if (path === undefined || configFile === undefined) return undefined
  const vite: Vite = await import(pathToFileURL(path).href)
  // What is given here goes before what the file says, and its `root` is meant from its own folder.
  const loaded = await vite.loadConfigFromFile({ command: 'build', mode: 'production' }, configFile, root, 'error')
  return vite.resolveConfig({ root: resolve(root, loaded?.config.root ?? '.'), configFile, logLevel: 'error' }, 'build')
}

interface Vite {
  resolveConfig(inline: object, command: string): Promise<Config>
  loadConfigFromFile(env: object, file: string, root: string, logLevel: string): Promise<{ config: { root?: string } } | null>
}

/** The entry of the Vite that the project itself uses. */
function vitePath(root: string): string | undefined {
  try {
    const home = createRequire(join(root, 'package.json')).resolve('vite/package.json')
    const { exports }: { exports: Record<string, unknown> } = JSON.parse(readFileSync(home, 'utf8'))
    const entry = entryOf(exports['.'])
    return entry === undefined ? undefined : join(home, '..', entry)
  } catch (error) {
    if (systemCode(error) === 'MODULE_NOT_FOUND') return undefined
    throw error
  }
}

function entryOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  return isRecord(value) ? entryOf(value['import'] ?? value['module-sync'] ?? value['default']) : undefined
}

function existing(path: string): string | undefined {
  return existsSync(path) ? path : undefined
}
