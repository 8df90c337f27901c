import nodePath, { type PlatformPath } from 'node:path'
import { isRemote } from '../query/remote.ts'

/** An image as users see it: its path below the root with `/`, or its address on another server. */
export function pathBelow(root: string, file: string, path: PlatformPath = nodePath): string {
  return isRemote(file) ? file : path.relative(root, file).split(path.sep).join('/')
}

/** Whether a file is outside of a folder; on Windows from one drive to another there is no relative path. */
export function isOutside(root: string, file: string, path: PlatformPath = nodePath): boolean {
  const way = path.relative(root, file)
  return way === '..' || way.startsWith(`..${path.sep}`) || path.isAbsolute(way)
}
