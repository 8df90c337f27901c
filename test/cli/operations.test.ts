import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { placeholderMetadataSchema, qualityMetadataSchema } from '../../src/contract/metadata.ts'
import { jobResultSchema } from '../../src/contract/job-result.ts'
import { failure, runOne, success } from '../support/cli.ts'
import { jpeg, photo } from '../support/images.ts'
import { project, type Project } from '../support/project.ts'

const withPhoto = async (): Promise<Project> => project({ 'a.jpg': await jpeg(400, 300) })

describe('quality', () => {
  const job = { operation: 'quality', input: 'a.jpg', output: 'out/a.webp', target_size: 9000, format: 'webp' }

  test('the largest file at or under the target, with the exact record', async () => {
    const { root } = await withPhoto()
    const record = success(await runOne(root, job))
    expect(jobResultSchema.parse(record)).toEqual(record)
    const { final_quality, final_size, converged } = qualityMetadataSchema.parse(record.metadata)
    const bytes = readFileSync(join(root, 'out/a.webp'))
    expect(record.outputs).toEqual([{ path: 'out/a.webp', format: 'webp', width: 400, height: 300, size_bytes: bytes.length }])
    expect({ final_size, converged }).toEqual({ final_size: bytes.length, converged: true })
    expect(bytes.length).toBeLessThanOrEqual(9000)
    const next = success(
      await runOne(root, { operation: 'convert', input: 'a.jpg', output: 'next.webp', format: 'webp', quality: final_quality + 1 }),
    )
    expect(next.outputs[0]?.size_bytes).toBeGreaterThan(9000)
  })

  test('when nothing fits, the smallest, which has not converged', async () => {
    const { root } = await withPhoto()
    const { metadata } = success(await runOne(root, { ...job, target_size: '300b', inline: true }))
    expect(metadata).toMatchObject({ target_size: 300, final_quality: 30, converged: false })
  })

  test.each([
    [{ target_size: 0 }, /`target_size`: expected bytes, as a whole number/],
    [{ target_size: 'much' }, /target_size/],
    [{ format: 'png' }, /`format`: expected one of jpeg, jpg, webp, avif/],
    [{ min_quality: 80, max_quality: 40 }, /`min_quality=80` is above `max_quality=40`/],
    [{ tolerance: 3 }, /unknown field `tolerance`/i],
  ])('%j is refused', async (wrong, message) => {
    const { root } = await withPhoto()
    expect(failure(await runOne(root, { ...job, ...wrong })).error).toMatch(message)
    expect(existsSync(join(root, 'out'))).toBe(false)
  })
})

describe('placeholder', () => {
  test.each(['lqip', 'dominant_color', 'dominant', 'css_gradient', 'blurhash', 'thumbhash'])('%s', async (kind) => {
    const { root } = await withPhoto()
    const record = success(await runOne(root, { operation: 'placeholder', input: 'a.jpg', kind }))
    expect(record).toMatchObject({ operation: 'placeholder', outputs: [] })
    expect(placeholderMetadataSchema.parse(record.metadata).kind).toBe(kind === 'dominant' ? 'dominant_color' : kind)
  })

  test('its tiny image can be had as a file', async () => {
    const { root } = await withPhoto()
    const { outputs, metadata } = success(
      await runOne(root, { operation: 'placeholder', input: 'a.jpg', width: 12, output: 'out/tiny.webp' }),
    )
    const bytes = readFileSync(join(root, 'out/tiny.webp'))
    expect(await sharp(bytes).metadata()).toMatchObject({ width: 12, height: 9, format: 'webp' })
    expect(outputs).toEqual([
      { path: 'out/tiny.webp', format: 'webp', width: 12, height: 9, size_bytes: bytes.length, data_base64: bytes.toString('base64') },
    ])
    expect(metadata?.['data_uri']).toBe(`data:image/webp;base64,${bytes.toString('base64')}`)
    const colour = failure(await runOne(root, { operation: 'placeholder', input: 'a.jpg', kind: 'dominant', output: 'out/colour.png' }))
    expect(colour).toMatchObject({ code: 'INPUT_INVALID', error: expect.stringContaining('`dominant` is none') })
  })
})

describe('exif', () => {
  const withExif = async (): Promise<Project> =>
    project({
      'a.jpg': await photo(60, 40)
        .jpeg()
        .withExif({
          IFD0: { Make: 'Canon', Copyright: 'Ada' },
          IFD3: { GPSLatitudeRef: 'S', GPSLatitude: '33/1 30/1 0/1', GPSLongitudeRef: 'W', GPSLongitude: '70/1 0/1 0/1' },
        })
        .toBuffer(),
    })
  const read = async (root: string, input: string): Promise<unknown> =>
    success(await runOne(root, { operation: 'exif', input, exif_op: 'extract' })).metadata

  test('extract tells what there is', async () => {
    const { root } = await withExif()
    expect(await read(root, 'a.jpg')).toMatchObject({
      has_exif: true,
      make: 'Canon',
      copyright: 'Ada',
      gps: { latitude: -33.5, longitude: -70 },
    })
  })

  test.each([
    [{ exif_op: 'strip' }, { has_exif: false }],
    [
      { exif_op: 'strip', mode: 'gps' },
      { has_exif: true, make: 'Canon', gps: undefined },
    ],
    [{ exif_op: 'preserve' }, { make: 'Canon', gps: { latitude: -33.5 } }],
    [
      { exif_op: 'strip', keep: ['copyright'] },
      { copyright: 'Ada', make: undefined },
    ],
  ])('%j writes a file that says so', async (op, expected) => {
    const { root } = await withExif()
    const { outputs, metadata } = success(await runOne(root, { operation: 'exif', input: 'a.jpg', output: 'b.jpg', ...op }))
    expect(outputs).toMatchObject([{ path: 'b.jpg', format: 'jpeg', width: 60, height: 40 }])
    expect(await read(root, 'b.jpg')).toEqual(metadata)
    for (const [name, value] of Object.entries(expected)) {
      if (value === undefined) expect(metadata).not.toHaveProperty(name)
      else expect(metadata).toMatchObject({ [name]: value })
    }
    const pixels = (name: string): Promise<Buffer> => sharp(join(root, name)).raw().toBuffer()
    expect(await pixels('b.jpg')).toEqual(await pixels('a.jpg'))
  })

  test.each([
    [{ exif_op: 'strip' }, /missing field `output`/i],
    [{ exif_op: 'erase', output: 'b.jpg' }, /`exif_op`: expected one of extract, strip, preserve, auto_orient/],
    [{ exif_op: 'preserve', output: 'b.jpg', keep: ['gpss'] }, /`keep\[0\]`/],
    [{ exif_op: 'strip', output: 'a.jpg' }, /a\.jpg is the input file/],
  ])('%j is refused', async (op, message) => {
    const { root } = await withExif()
    expect(failure(await runOne(root, { operation: 'exif', input: 'a.jpg', ...op })).error).toMatch(message)
  })
})
