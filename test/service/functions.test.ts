import sharp from 'sharp'
import { expect, test } from 'vitest'
import { resultsDocumentSchema } from '../../src/contract/blitline.ts'
import type { ResultsDocument } from '../../src/service/documents.ts'
import { jpeg, quarters } from '../support/images.ts'
import { project } from '../support/project.ts'
import { bytesAt, startService, type ServiceProcess } from '../support/service.ts'

async function document(service: ServiceProcess, job: object): Promise<ResultsDocument['results']> {
  const answer = await service.post('/job', job)
  if (answer.status !== 200) throw new Error(`${answer.status} ${await answer.text()}`)
  return resultsDocumentSchema.parse(await answer.json()).results
}

const save = (image_identifier: string, more: object = {}): object => ({ save: { image_identifier, extension: '.png', ...more } })

/** Colour in the middle of each quarter, as one digit a channel. */
async function cornersOf(url: string): Promise<string[]> {
  const { data, info } = await sharp(await bytesAt(url))
    .flatten({ background: '#808080' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const at = (x: number, y: number): string => {
    const from = (Math.floor(y * info.height) * info.width + Math.floor(x * info.width)) * info.channels
    return [...data.subarray(from, from + 3)].map((value) => Math.round(value / 32)).join('')
  }
  return [at(0.25, 0.25), at(0.75, 0.25), at(0.25, 0.75), at(0.75, 0.75)]
}

test('functions within functions: each picture is made from that of the one around it', async () => {
  const { root } = project({ 'photos/q.png': await quarters(80, 40).png().toBuffer() })
  const service = await startService(root, ['--dir', 'photos'])
  const [red, green, blue, white] = ['800', '080', '008', '888']
  const { images, original_meta } = await document(service, {
    application_id: 'any',
    src: 'q.png',
    functions: [
      { name: 'no_op', ...save('as it is') },
      {
        name: 'crop',
        params: { x: 0, y: 0, width: 80, height: 20 },
        ...save('upper half'),
        functions: [
          { name: 'rotate', params: { amount: 90 }, ...save('turned') },
          { name: 'gray_colorspace', functions: [{ name: 'resize', params: { width: 10, height: 30 }, ...save('grey') }] },
        ],
      },
      { name: 'resize_to_fit', params: { width: 20, height: 20 }, ...save('fit') },
      { name: 'resize_to_fill', params: { width: 20, height: 20, gravity: 'WestGravity' }, ...save('fill') },
      { name: 'pad_resize_to_fit', params: { width: 40, height: 40, color: '#000000' }, ...save('pad') },
      { name: 'crop_to_square', params: { gravity: 'EastGravity' }, ...save('square') },
      { name: 'resize', params: { scale_factor: 2 }, ...save('twice', { extension: '.jpg', quality: 90 }) },
    ],
  })
  expect(original_meta).toEqual({ width: 80, height: 40 })
  const sizes = Object.fromEntries(images.map(({ image_identifier, meta }) => [image_identifier, `${meta.width}x${meta.height}`]))
  expect(sizes).toEqual({
    'as it is': '80x40',
    'upper half': '80x20',
    turned: '20x80',
    grey: '10x30',
    fit: '20x10',
    fill: '20x20',
    pad: '40x40',
    square: '40x40',
    twice: '160x80',
  })
  const corners = async (name: string): Promise<string[]> =>
    cornersOf(images.find(({ image_identifier }) => image_identifier === name)?.s3_url ?? '')
  expect(await corners('as it is')).toEqual([red, green, blue, white])
  expect(await corners('upper half')).toEqual([red, green, red, green])
  expect(await corners('turned')).toEqual([red, red, green, green])
  expect(new Set((await corners('grey')).join(''))).not.toContain('0')
  expect(await corners('fill')).toEqual([red, red, blue, blue])
  expect(await corners('square')).toEqual([green, green, white, white])
})

test('what fails takes with it what is made from it, and nothing else; all shapes are one', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(80, 60) })
  const service = await startService(root, ['--dir', 'photos'])
  const blurred = { src: 'tree.jpg', functions: [{ name: 'blu3r', ...save('MY_CLIENT_ID') }] }
  const whole = await document(service, blurred)
  expect(whole).toEqual({
    original_meta: {},
    images: [],
    job_id: whole.job_id,
    errors: ["Image processing failed. Unknown function named 'blu3r'"],
    failed_image_identifiers: ['MY_CLIENT_ID'],
  })
  expect(await service.end(whole.job_id)).toMatchObject({ status: 'failed', failure_reason_code: 'INPUT_INVALID' })

  const inner = { name: 'crop', params: { x: 500, width: 10, height: 10 }, ...save('b'), functions: [{ name: 'blur', ...save('c') }] }
  const part = await document(service, {
    src: 'tree.jpg',
    functions: [
      { name: 'trim', ...save('a'), functions: [inner] },
      { name: 'sharpen', ...save('d') },
    ],
  })
  expect(part.images.map(({ image_identifier }) => image_identifier)).toEqual(['a', 'd'])
  expect(part.failed_image_identifiers).toEqual(['b', 'c'])
  expect(part.errors).toHaveLength(1)
  expect(JSON.stringify(await service.completed(part.job_id))).not.toContain(root)

  const answer = await service.post('/job', [blurred, { src: 'missing.jpg', functions: [{ name: 'no_op', ...save('x') }] }])
  const both = ((await answer.json()) as unknown[]).map((item) => resultsDocumentSchema.parse(item).results)
  expect(both.map(({ errors }) => errors?.[0])).toEqual([
    "Image processing failed. Unknown function named 'blu3r'",
    'Image processing failed. Input file not found',
  ])
  const later = await service.request(`/job/${both[0]?.job_id}`)
  expect(resultsDocumentSchema.parse(await later.json()).results).toEqual(both[0])
})

test('a job that is wrong in itself is refused by field', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(80, 60) })
  const service = await startService(root, ['--dir', 'photos'])
  const detail = async (job: unknown): Promise<unknown> => {
    const answer = await service.post('/job', job)
    return [answer.status, ((await answer.json()) as { detail: { loc: unknown }[] }).detail.map(({ loc }) => loc)]
  }
  expect(await detail({})).toEqual([
    422,
    [
      ['body', 'src'],
      ['body', 'functions'],
    ],
  ])
  expect(await detail([{ src: 'a.jpg', functions: [{ name: 'blur' }] }])).toEqual([422, [['body', 0, 'functions', 0, 'save']]])
  expect(await detail({ src: '../a.jpg', functions: [{ name: 'blur', ...save('a') }] })).toEqual([422, [['body', 'src']]])
  expect(await detail({ src: 'a.jpg', functions: [{ name: 'blur', ...save('a', { extension: '.bmp' }) }] })).toEqual([
    422,
    [['body', 'functions', 0, 'save', 'extension']],
  ])
  const sized = { extension: '.png', max_filesize: '5kb' }
  const answer = await service.post('/job', { src: 'tree.jpg', functions: [{ name: 'no_op', ...save('a', sized) }] })
  expect([answer.status, await answer.json()]).toMatchObject([
    422,
    { detail: [{ msg: 'Expected that of a JPEG, WebP or AVIF beside `max_filesize`, received ".png"' }] },
  ])
  const low = { extension: '.webp', max_filesize: '5kb', quality: 10 }
  expect(await document(service, { src: 'tree.jpg', functions: [{ name: 'no_op', ...save('a', low) }] })).not.toHaveProperty('errors')
})
