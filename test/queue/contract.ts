import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import type { Queue } from '../../dist/queue/queue.js'
import { sha256 } from '../../src/hash.ts'
import { blobFile } from '../../src/store/disk.ts'
import { storedOutput } from '../../src/store/output.ts'
import type { Source } from '../../src/types.ts'
import { diskStore } from '../../src/store/disk.ts'
import { inProcess } from '../support/engine.ts'
import { jpeg } from '../support/images.ts'
import { SLOW, outputOf, sourceOf } from '../support/jobs.ts'
import { project } from '../support/project.ts'

const TRIM = { orient: true, box: { left: 0, top: 0, width: 90, height: 60 }, threshold: undefined }

/** What every queue owes its users, wherever it has work done. */
export function testQueue(name: string, open: () => Promise<Queue>): void {
  describe(name, () => {
    const prepare = async (count = 1): Promise<{ queue: Queue; folder: string; sources: Source[] }> => {
      const { root, write } = project()
      const files = Array.from({ length: count }, async (_, seed) => sourceOf(write(`${seed}.jpg`, await jpeg(90, 60, seed + 1))))
      return { queue: await open(), folder: join(root, 'cache'), sources: await Promise.all(files) }
    }

    test('outputs are in the store, each with the very bytes that the engine makes', async () => {
      const { queue, folder, sources } = await prepare(3)
      const wanted = sources.flatMap((source) =>
        ([20, 40] as const).flatMap((width) =>
          (['webp', 'avif'] as const).map((format) => ({ source, output: outputOf(source, width, { format }) })),
        ),
      )
      const made = await Promise.all(wanted.map(({ source, output }) => queue.encode(source, output, folder)))
      for (const [index, { source, output }] of wanted.entries()) {
        const entry = diskStore(folder).get(output.key)
        expect(entry && storedOutput(entry)).toEqual(made[index])
        const bytes = readFileSync(blobFile(join(folder, 'v1'), made[index]?.digest ?? ''))
        expect((await sharp(bytes).metadata()).width).toBe(output.picture.width)
        expect((await inProcess().encode(source, output, join(folder, 'other'))).digest).toBe(sha256(bytes))
      }
    })

    test('the same output asked for many times is one piece of work', async () => {
      const { queue, folder, sources } = await prepare()
      const [source] = sources
      if (!source) throw new Error('no source')
      const all = await Promise.all(Array.from({ length: 20 }, () => queue.encode(source, outputOf(source, 30), folder)))
      expect(new Set(all).size).toBe(1)
    })

    test('questions are answered', async () => {
      const { queue, sources } = await prepare()
      const [source] = sources
      if (!source) throw new Error('no source')
      expect(await queue.header(source.file, 'jpeg')).toMatchObject({ width: 90, height: 60 })
      expect(await queue.trim(source, TRIM)).toEqual(await inProcess().trim(source, TRIM))
      expect(await queue.fact(source, { operation: 'exif' })).toMatchObject({ metadata: { has_exif: false } })
      const { picture } = outputOf(source, 30)
      const question = { operation: 'placeholder', kind: 'thumbhash', picture } as const
      expect((await queue.fact(source, question)).metadata).toEqual((await inProcess().fact(source, question)).metadata)
      expect(await queue.versions()).toHaveProperty('vips')
    })

    test('an image that cannot be made fails with its reason, and its neighbours do not', async () => {
      const { queue, folder, sources } = await prepare(2)
      const [good, bad] = sources
      if (!good || !bad) throw new Error('no sources')
      const bytes = readFileSync(bad.file).fill(0, 300)
      writeFileSync(bad.file, bytes)
      const broken = { ...bad, digest: sha256(bytes) }
      const [failed, ...made] = await Promise.allSettled([
        queue.encode(broken, outputOf(broken, 20), folder),
        queue.encode(good, outputOf(good, 20), folder),
        queue.encode(good, outputOf(good, 21), folder),
      ])
      expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'SOURCE_CORRUPT', retryable: false, hint: expect.any(String) } })
      expect(made.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled'])
      await expect(queue.trim(broken, TRIM)).rejects.toMatchObject({ code: 'SOURCE_CORRUPT' })
      await expect(
        queue.fact(broken, { operation: 'placeholder', kind: 'lqip', picture: outputOf(broken, 20).picture }),
      ).rejects.toMatchObject({
        code: 'SOURCE_CORRUPT',
      })
    })

    test('a source that is not what it was fails, and is right again as it is now', async () => {
      const { queue, folder, sources } = await prepare()
      const [source] = sources
      if (!source) throw new Error('no source')
      writeFileSync(source.file, await jpeg(90, 60, 9))
      await expect(queue.encode(source, outputOf(source, 20), folder)).rejects.toMatchObject({ code: 'SOURCE_CHANGED', retryable: true })
      const now = sourceOf(source.file)
      expect(await queue.encode(now, outputOf(now, 20), folder)).toHaveProperty('digest')
    })

    test('a rest takes nothing from what is under way, nor from what comes after it', async () => {
      const { queue, folder, sources } = await prepare(3)
      const making = sources.map((source) => queue.encode(source, outputOf(source, 30), folder))
      queue.rest()
      await making[0]
      queue.rest()
      const later = sources.map((source) => queue.encode(source, outputOf(source, 31), folder))
      for (const made of await Promise.all([...making, ...later])) expect(made).toHaveProperty('digest')
    })

    test('closing fails what is under way; then it can be used again', async () => {
      const { queue, folder, sources } = await prepare(3)
      const [first, ...others] = sources
      if (!first) throw new Error('no source')
      const slow = others.map((source) => queue.encode(source, outputOf(source, 1500, SLOW), folder).catch((error: unknown) => error))
      // All the way to where it is done.
      await queue.encode(first, outputOf(first, 20), folder)
      const early = queue.encode(first, outputOf(first, 1500, SLOW), folder).catch((error: unknown) => error)
      const question = queue.trim(first, TRIM).catch((error: unknown) => error)
      await queue.close()
      const cancelled = expect.objectContaining({ code: 'CANCELLED', retryable: true })
      expect(await Promise.all([...slow, early])).toEqual([cancelled, cancelled, cancelled])
      expect([cancelled, expect.objectContaining({ width: 90 })]).toContainEqual(await question)
      expect(await queue.encode(first, outputOf(first, 31), folder)).toHaveProperty('digest')
    })
  })
}
