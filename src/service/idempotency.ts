import { readFile, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { sha256 } from '../hash.ts'
import { ignoreGone } from '../store/entries.ts'
import { InvalidRequest } from './http-error.ts'
import { openFolder, writeDurable } from './journal.ts'

const keySchema = z.strictObject({ ids: z.array(z.string()).min(1), digest: z.string() })

/** Which jobs each `Idempotency-Key` has led to. */
export interface Idempotency {
  /**
   * Runs `make` for a key that is new. For one that is known the jobs of then are answered, if what is asked for is the same.
   * `exists` says whether a job was really taken: a process may end in between.
   */
  once<T>(
    asked: { client: string; key: string; digest: string; ids: string[] },
    work: { exists(id: string): Promise<T | undefined>; make(): Promise<T[]> },
  ): Promise<{ answer: T[]; replayed: boolean }>
  /** Forgets keys that were written before a time, in ms since 1970. */
  expire(before_ms: number): Promise<void>
}

export async function openIdempotency(folder: string): Promise<Idempotency> {
  await openFolder(folder)
  /** Requests with one key wait for each other. */
  const turns = new Map<string, Promise<unknown>>()

  const known = async (name: string): Promise<z.output<typeof keySchema> | undefined> => {
    const text = await readFile(join(folder, name), 'utf8').catch(ignoreGone)
    return text === undefined ? undefined : keySchema.safeParse(JSON.parse(text)).data
  }

  return {
    async once({ client, key, digest, ids }, { exists, make }) {
      const name = `${sha256(JSON.stringify([client, key]))}.json`
      const answer = async (): Promise<Awaited<ReturnType<Idempotency['once']>> & { answer: Awaited<ReturnType<typeof make>> }> => {
        const earlier = await known(name)
        const found = (await Promise.all(earlier?.ids.map(exists) ?? [])).filter((job) => job !== undefined)
        // All of them were taken, or none.
        if (earlier && found.length === earlier.ids.length) {
          if (earlier.digest !== digest) throw other()
          return { answer: found, replayed: true }
        }
        await writeDurable(folder, name, JSON.stringify({ ids, digest }))
        return { answer: await make(), replayed: false }
      }
      const turn = (turns.get(name) ?? Promise.resolve()).then(answer, answer)
      turns.set(name, turn)
      return turn.finally(() => turns.get(name) === turn && turns.delete(name))
    },
    async expire(before_ms) {
      for (const name of await readdir(folder)) {
        const facts = await stat(join(folder, name)).catch(ignoreGone)
        if (facts && facts.mtimeMs < before_ms) await rm(join(folder, name), { force: true })
      }
    },
  }
}

function other(): InvalidRequest {
  return new InvalidRequest([
    { loc: ['header', 'Idempotency-Key'], msg: 'This key was used before with another body', type: 'value_error.idempotency_key' },
  ])
}
