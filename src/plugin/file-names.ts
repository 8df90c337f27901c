import { posix } from 'node:path'
import { sha256 } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import { isImageFile } from '../query/text.ts'
import type { Output, Source } from '../types.ts'
import type { OutputOptions } from './bundler.ts'

/** Characters that are trouble in a file name, in a URL, in a srcset or in `url()`. */
const TROUBLE = /[\u0000-\u001F"#$%&'()*+,:;<=>?[\]^`{|}\u007F\s]+/g

/** Of an address, what is before its query. */
function baseOf(file: string): string {
  return posix.basename(isRemote(file) ? file.replace(/[?#].*$/s, '') : file.replaceAll('\\', '/'))
}

/** File name of an output without folder and extension, such as `hero-640`. */
export function outputName(file: string, { picture }: Output): string {
  const base = baseOf(file)
  const stem = base.slice(0, base.length - posix.extname(base).length)
  return `${stem.replace(TROUBLE, '_')}-${picture.width}`
}

/** What stands for a source that is shipped as it is: one file, with the extension it has, whatever was asked for. */
export function originalName({ file, digest, header }: Source): { name: string; extension: string; key: string } {
  const base = baseOf(file)
  const extension = posix.extname(base)
  const name = base.slice(0, base.length - extension.length).replace(TROUBLE, '_')
  return { name, extension: isImageFile(base) ? extension.slice(1).toLowerCase() : header.format, key: sha256(`original ${digest}`) }
}

/** Name of an output in the build, by the user's `assetFileNames`; it depends on the key, never on the bytes. */
export function assetFileName(options: Pick<OutputOptions, 'assetFileNames'>, name: string, extension: string, key: string): string {
  const asset = {
    type: 'asset' as const,
    name: `${name}.${extension}`,
    names: [`${name}.${extension}`],
    originalFileName: null,
    originalFileNames: [],
    source: '',
  }
  const pattern = typeof options.assetFileNames === 'function' ? options.assetFileNames(asset) : options.assetFileNames
  const hash = Buffer.from(key, 'hex').toString('base64url').replace(/^[-_]/, '0')
  // Without a hash in the pattern two variants of one image would have one name.
  const hashed = /\[hash(:\d+)?\]/.test(pattern) ? pattern : withHash(pattern)
  return hashed
    .replace(/\[hash(?::(\d+))?\]/g, (_, length: string | undefined) => hash.slice(0, length ? Number(length) : 8))
    .replaceAll('[name]', () => name)
    .replaceAll('[extname]', `.${extension}`)
    .replaceAll('[ext]', extension)
}

function withHash(pattern: string): string {
  if (pattern.includes('[name]')) return pattern.replaceAll('[name]', '[name]-[hash]')
  // A function may have answered a whole name, the same for many variants.
  return pattern.replace(/(\[extname\]|\.\[ext\]|\.\w+)?$/, '-[hash]$1')
}
