import { realpathSync } from 'node:fs'
import { join, sep } from 'node:path'
import { systemCode } from '../errors.ts'

/** Absolute paths of the folders that the service works in. */
export interface Folders {
  /** Sources; undefined where only uploads are taken. */
  dir: string | undefined
  journal: string
  uploads: string
  results: string
  keys: string
  /** The store. */
  cache: string
}

/** Most bytes of a name in a folder, with any file system, and of a whole path. */
const [NAME, WHOLE] = [255, 1000]

const PATH = `with \`/\` and without \`..\`, in names of at most ${NAME} bytes`

/** Names that Windows has for devices, in every folder and with any extension. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(?: *\..*)?$/i

/** Whether Windows takes a part of a path for something else: a device, a stream of a file, a name without its last dot or space. */
function isMistaken(part: string): boolean {
  return DEVICE.test(part) || /[. ]$/.test(part) || /[<>:"|?*]/.test(part)
}

/** How a path below a folder has to be written, undefined for a text that is one. Nothing on disk is looked at. */
export function wrongPath(path: string, platform: NodeJS.Platform = process.platform): string | undefined {
  const parts = path.split('/')
  const isRelative = !path.startsWith('/') && !/^[a-z]:/i.test(path) && !path.includes('\\') && !/[\0-\u001F\u007F]/.test(path)
  const isPlain = platform !== 'win32' || !parts.some(isMistaken)
  const isShort = Buffer.byteLength(path) <= WHOLE && parts.every((part) => Buffer.byteLength(part) <= NAME)
  if (isShort && isRelative && isPlain && parts.every((part) => part !== '' && part !== '..' && part !== '.')) return undefined
  return PATH
}

/** Whether a path leads out of its folder by a link. What is not there leads nowhere. */
export function escapes(folder: string, path: string): boolean {
  const real = realPath(join(folder, path))
  return real !== undefined && !`${real}${sep}`.startsWith(withEnd(realPath(folder) ?? folder))
}

function withEnd(folder: string): string {
  return folder.endsWith(sep) ? folder : folder + sep
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    return undefined
  }
}

/** A text for whoever asks, without the folders of this machine in it. */
export function withoutFolders(text: string, { dir, results, uploads, cache, journal }: Folders): string {
  const folders = [results, uploads, cache, journal, dir].filter((folder) => folder !== undefined)
  return folders.reduce((left, folder) => left.replaceAll(withEnd(folder), '').replaceAll(folder, '(the folder)'), text)
}
