import { relative, sep } from 'node:path'
import { isRemote } from '../query/remote.ts'

/** An image as users see it: its path below the root with `/`, or its address on another server. */
export function pathBelow(root: string, file: string): string {
  return isRemote(file) ? file : relative(root, file).split(sep).join('/')
}
