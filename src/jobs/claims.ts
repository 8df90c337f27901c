import { realpathSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { ImagemillError, systemCode } from '../errors.ts'
import { sha256 } from '../hash.ts'
import { removeParts, type Target } from './files.ts'

/** What a job is about to write: where, and the name of what is written there. */
export interface Claim extends Target {
  key: string
}

/** The place of a job in the order of all jobs. */
export interface Turn {
  /** Takes the paths for this job after all earlier jobs have taken theirs; one that has been taken for something else is an error. */
  claim(claims: readonly Claim[]): Promise<void>
  /** Lets later jobs go on. */
  pass(): void
}

export interface Claims {
  /** Asked for in the order of the jobs. */
  turn(name: string): Turn
}

/** Who writes which file, over all jobs of a run: two that write different things to one path would overwrite each other. */
export function openClaims(): Claims {
  // Short digests in place of paths: a run of a million jobs remembers them all.
  const owners = new Map<string, { key: string; name: string }>()
  const folders = new Set<string>()
  let last = Promise.resolve()

  const tidy = (folder: string): void => {
    if (folders.has(folder)) return
    folders.add(folder)
    removeParts(folder)
  }

  return {
    turn(name) {
      const before = last
      let pass = (): void => undefined
      last = new Promise((resolve) => (pass = resolve))
      return {
        pass,
        async claim(claims) {
          await before
          try {
            for (const { file, path, key } of claims) {
              const id = digest(realPath(file))
              const owner = owners.get(id)
              if (owner && owner.key !== digest(key)) throw taken(path, name, owner.name)
              if (!owner) owners.set(id, { key: digest(key), name })
              tidy(dirname(file))
            }
          } finally {
            pass()
          }
        },
      }
    },
  }
}

function taken(path: string, name: string, other: string): ImagemillError {
  return new ImagemillError({
    code: 'OUTPUT_CONFLICT',
    message: `two jobs write different images to ${path}: ${other} and ${name}`,
    hint: 'Give each job a folder or a name of its own.',
  })
}

/** A path by the folders that it leads through: links and other spellings of one file are one. */
export function realPath(path: string): string {
  try {
    return join(realpathSync.native(dirname(path)), basename(path))
  } catch (error) {
    if (systemCode(error) === undefined) throw error
    // A folder that is not there yet.
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path))
  }
}

function digest(text: string): string {
  return sha256(text).slice(0, 32)
}
