import { posix } from 'node:path'
import { isRemote } from '../query/remote.ts'
import type { Output } from '../types.ts'
import type { OutputOptions } from './bundler.ts'

/** Characters that are trouble in a file name, in a URL, in a srcset or in `url()`. */
const TROUBLE = /[\u0000-\u001F"#$%&'()*+,:;<=>?[\]^`{|}\u007F\s]+/g

/** File name of an output without folder and extension, such as `hero-640`. */
export function outputName(file: string, { picture }: Output): string {
  // Of an address, what is before its query.
  const base = posix.basename(isRemote(file) ? file.replace(/[?#].*$/s, '') : file.replaceAll('\\', '/'))
  const stem = base.slice(0, base.length - posix.extname(base).length)
  return `${stem.replace(TROUBLE, '_')}-${picture.width}`
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
