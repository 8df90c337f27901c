import { readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { openPipeline } from '../../dist/pipeline.js'
import { parseRequest } from '../../dist/query/request.js'
import { openPool } from '../../dist/queue/pool.js'
import { ImagemillError } from '../../dist/errors.js'
import { project } from '../support/project.ts'

/** A folder of real, odd and hostile images; those that are meant to be read are outside `hostile`. */
const FOLDER = process.env['IMAGEMILL_TEST_IMAGES'] ?? ''
const EXPECTED = ['SOURCE_CORRUPT', 'FORMAT_UNSUPPORTED', 'PIXEL_LIMIT', 'SIZE_LIMIT']
const NO_HELP = /Unknown error|corrupt header:|failOn|bad seek|undefined|\[object/

/** Ends of names of files that are outside `hostile` but damaged on purpose (PngSuite's begin with x), or of formats that are not read. */
const UNREADABLE = /pngsuite.x\w+\.png$|relax\.jp2$|\.heic$|animated-8bpc-alpha-exif-xmp\.avif$|tile_shared_in_dimg\.avif$/

function filesOf(folder: string): string[] {
  const items = readdirSync(folder, { recursive: true, withFileTypes: true })
  return items
    .filter((item) => item.isFile() && !/\.(md|jsonl?|txt)$/.test(item.name))
    .map((item) => join(item.parentPath, item.name))
    .sort()
}

test.runIf(FOLDER)('every image of the extra folder is made, or refused for a reason that helps', { timeout: 900_000 }, async () => {
  const queue = openPool({ concurrency: 2, memory: 600e6, timeout: 30_000, pixelLimit: 100e6 })
  const pipeline = openPipeline({
    folder: join(project().root, 'cache'),
    maxSize: 1e9,
    pixelLimit: 100e6,
    queue,
    patience: 60_000,
    warn: (error) => {
      throw error
    },
  })
  const faults: string[] = []
  const request = parseRequest('w=64;200&format=webp;jpeg')

  const attempt = async (file: string): Promise<void> => {
    const { source, plan } = await pipeline.plan(file, request)
    const made = await Promise.all(plan.outputs.map((output) => pipeline.read({ source, output })))
    for (const [index, { bytes }] of made.entries()) {
      const { width, pageHeight, height } = await sharp(bytes).metadata()
      expect({ width, height: pageHeight ?? height }).toEqual({
        width: plan.outputs[index]?.picture.width,
        height: plan.outputs[index]?.picture.height,
      })
    }
  }
  const judge = (file: string, error: unknown): string | undefined => {
    if (!(error instanceof ImagemillError)) return String(error)
    if (!EXPECTED.includes(error.code) || NO_HELP.test(error.message) || !error.hint) return error.message
    return /hostile/.test(file) || UNREADABLE.test(file) ? undefined : error.message
  }

  const files = filesOf(FOLDER)
  const take = async (): Promise<void> => {
    for (let file = files.pop(); file !== undefined; file = files.pop()) {
      const name = relative(FOLDER, file)
      const fault = await attempt(file).then(
        () => undefined,
        (error: unknown) => judge(name, error),
      )
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
    }
  }
  await Promise.all([take(), take(), take(), take()])
  await pipeline.close()
  expect(faults).toEqual([])
})
