import { sha256 } from '../hash.ts'
import { isRemote } from '../query/remote.ts'
import type { Output, Source, SourceFormat } from '../types.ts'
import { outputName } from './file-names.ts'
import type { Place } from './place.ts'
import { tokenOf } from './tokens.ts'

/** Address of an output: a real one of the dev server, or a token that is replaced when the chunk is rendered. */
export function addressOf(output: Output, source: Source, { devBase }: Pick<Place, 'devBase'>): string {
  if (isOnlyAddress(source)) return source.file
  return devBase === undefined ? tokenOf('URL', fileId(output, source)) : `${devBase}${output.key}.${output.encoding.format}`
}

/** Whether nothing is there of an image of another server: where a failure may pass, the browser is to ask for it. */
export function isOnlyAddress({ file, local }: Source): boolean {
  return local === undefined && isRemote(file)
}

/**
 * Stands for an output and its name. Equal files share their outputs, but each has its own name for them: were there
 * one for all, it would be that of the file which is loaded first, and a client and a server could disagree on it.
 */
export function fileId(output: Output, { file }: Pick<Source, 'file'>): string {
  return sha256(`${output.key} ${outputName(file, output)}`)
}

export function dataUri({ encoding: { format } }: { encoding: { format: SourceFormat } }, bytes: Buffer): string {
  return `data:image/${format === 'svg' ? 'svg+xml' : format};base64,${bytes.toString('base64')}`
}
