import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { canonical, isRecord } from '../hash.ts'

/** Raised when the engine makes other bytes of the same parameters. */
const ENGINE = 5

/** Below them libheif runs code of crafted AVIF files: GHSA-rgj7-g3m4-5g8c. */
const LEAST_SHARP = '0.35.4'
const LEAST_LIBHEIF = '1.23.2'

/**
 * Versions of everything that the bytes of an output depend on, without loading sharp: a warm build needs
 * only these. `ask` answers for a libvips that was not installed with sharp.
 */
export async function encoderVersions(ask: () => Promise<Record<string, string | undefined>>): Promise<string> {
  const require = createRequire(import.meta.url)
  const sharpRequire = createRequire(resolveSharp(require))
  const { version } = readJson(join(dirname(resolveSharp(require)), '..', 'package.json'))
  requireSafe('sharp', String(version), LEAST_SHARP)
  const platform = `${process.platform}-${process.arch}`
  const names = [`sharp-libvips-${platform}`, `sharp-libvips-${platform.replace('linux', 'linuxmusl')}`, `sharp-${platform}`]
  const bundled = [...new Set(names)].flatMap((name) => {
    const path = resolveOr(sharpRequire, `@img/${name}/versions`)
    return path === undefined ? [] : [readJson(path)]
  })
  const codecs = bundled.length > 0 ? bundled : await ask()
  // A libvips of the system has a libheif of its own, of whatever age.
  for (const { heif } of [codecs].flat()) if (typeof heif === 'string') requireSafe('libheif', heif, LEAST_LIBHEIF)
  return canonical({ engine: ENGINE, platform, sharp: version, codecs })
}

/** The same for people. */
export function describeEngine(versions: string): string {
  const facts: unknown = JSON.parse(versions)
  if (!isRecord(facts)) throw new TypeError('expected what encoderVersions() answers')
  return `sharp ${String(facts['sharp'])} on ${String(facts['platform'])} (engine ${String(facts['engine'])})`
}

function resolveSharp(require: NodeJS.Require): string {
  const path = resolveOr(require, 'sharp')
  if (path !== undefined) return path
  throw new ImagemillError({ code: 'UNSUPPORTED_SHARP', message: 'sharp is not installed', hint: 'Install it: npm install sharp@^0.35.5' })
}

function requireSafe(name: string, version: string, least: string): void {
  if (!isBelow(version, least) || process.env['IMAGEMILL_ALLOW_OLD_SHARP'] === '1') return
  throw new ImagemillError({
    code: 'UNSUPPORTED_SHARP',
    message: `${name} ${version} has a hole by which a crafted AVIF file runs code (GHSA-rgj7-g3m4-5g8c): expected ${least} or newer`,
    hint: 'Update it: npm install sharp@^0.35.5. Only if every image is your own, IMAGEMILL_ALLOW_OLD_SHARP=1 in the environment allows it.',
  })
}

function isBelow(version: string, least: string): boolean {
  const [a, b] = [version, least].map((text) => text.split(/[.-]/).slice(0, 3).map(Number))
  for (const [index, part] of (b ?? []).entries()) {
    const own = a?.[index] ?? 0
    if (own !== part) return own < part
  }
  return false
}

function resolveOr(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch (error) {
    if (systemCode(error) === 'MODULE_NOT_FOUND' || systemCode(error) === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return undefined
    throw error
  }
}

function readJson(path: string): Record<string, unknown> {
  const value: unknown = JSON.parse(readFileSync(path, 'utf8'))
  if (!isRecord(value)) throw new TypeError(`${path} does not hold an object`)
  return value
}
