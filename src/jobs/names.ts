import nodePath, { type PlatformPath } from 'node:path'
import type { Format, Output } from '../types.ts'
import { nameOf } from './source.ts'

const EXTENSIONS: Readonly<Record<Format, string>> = { avif: 'avif', gif: 'gif', jpeg: 'jpg', png: 'png', webp: 'webp' }

/**
 * Paths of the outputs of one source in a folder: `hero-640.webp`, and with densities `hero-320@2x.webp`. Outputs that only
 * differ otherwise have their height or, at last, a part of their key in the name, so that no two have the same.
 */
export function outputPaths(folder: string, file: string, outputs: readonly Output[], path: PlatformPath = nodePath): string[] {
  const name = nameOf(file)
  const stem = path.basename(name, path.extname(name))
  const spellings = [
    (output: Output) => placeOf(output),
    (output: Output) => placeOf(output, `x${output.picture.height}`),
    (output: Output) => `${placeOf(output)}-${output.key.slice(0, 8)}`,
  ].map((place) => outputs.map((output) => `${stem}-${place(output)}.${EXTENSIONS[output.encoding.format]}`))
  return outputs.map((_, index) => {
    const alone = spellings.find((names) => names.indexOf(names[index] ?? '') === names.lastIndexOf(names[index] ?? ''))
    return path
      .join(folder, alone?.[index] ?? '')
      .split(path.sep)
      .join('/')
  })
}

/** The width in px; with densities that of density 1, as an image set is named. */
function placeOf({ picture, descriptor }: Output, height = ''): string {
  const density = descriptor.endsWith('x') ? Number(descriptor.slice(0, -1)) : 1
  return density === 1 ? `${picture.width}${height}` : `${Math.round(picture.width / density)}${height}@${density}x`
}
