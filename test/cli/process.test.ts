import { existsSync, linkSync, mkdirSync, readFileSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { PROCESS_NAME } from '../../src/process-name.ts'
import { failure, ndjson, runCli, runOne, success } from '../support/cli.ts'
import { filesOf } from '../support/build.ts'
import { jpeg, png, quarters } from '../support/images.ts'
import { project } from '../support/project.ts'

const resize = { operation: 'resize', input: 'photo.jpg', output_dir: 'out', widths: [40, 20], format: 'webp' }

describe('resize', () => {
  test('widths: one file each, with the exact record', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(96, 64) })
    const record = success(await runOne(root, resize))
    expect(record).toEqual({
      success: true,
      operation: 'resize',
      outputs: [
        { path: 'out/photo-20.webp', format: 'webp', width: 20, height: 13, size_bytes: expect.any(Number) },
        { path: 'out/photo-40.webp', format: 'webp', width: 40, height: 27, size_bytes: expect.any(Number) },
      ],
      elapsed_ms: expect.any(Number),
      metadata: null,
    })
    for (const { path, width, height, size_bytes } of record.outputs) {
      const bytes = readFileSync(join(root, path))
      expect(bytes.length).toBe(size_bytes)
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height })
    }
    expect(readdirSync(join(root, 'out')).sort()).toEqual(['photo-20.webp', 'photo-40.webp'])
  })

  test('scale_percent is of the displayed size, above 100 it enlarges', async () => {
    const { root } = project({ 'a.png': await png(40, 20) })
    const at = async (scale_percent: number): Promise<unknown> =>
      success(await runOne(root, { operation: 'resize', input: 'a.png', output_dir: 'out', scale_percent })).outputs[0]
    expect(await at(25)).toMatchObject({ path: 'out/a-10.png', width: 10, height: 5 })
    expect(await at(150)).toMatchObject({ path: 'out/a-60.png', width: 60, height: 30 })
  })

  test('max_height narrows what would be higher, and filter is the kernel', async () => {
    const { root } = project({ 'a.png': await quarters(40, 40).png().toBuffer() })
    const job = { operation: 'resize', input: 'a.png', output_dir: 'out', max_height: 10, filter: 'nearest' }
    const { outputs } = success(await runOne(root, { ...job, widths: [8, 20] }))
    expect(outputs.map(({ width, height }) => [width, height])).toEqual([
      [8, 8],
      [10, 10],
    ])
    // Only the nearest pixel has no colours between the quarters.
    const { data } = await sharp(join(root, 'out/a-10.png')).raw().toBuffer({ resolveWithObject: true })
    const colours = new Set(Array.from({ length: 100 }, (_, pixel) => data.subarray(3 * pixel, 3 * pixel + 3).toString('hex')))
    expect([...colours].sort()).toEqual(['0000ff', '00ff00', 'ff0000', 'ffffff'])
  })

  test('directives of the query are fields with JSON types', async () => {
    const { root } = project({ 'a.png': await quarters(40, 40).png().toBuffer() })
    const job = {
      operation: 'resize',
      input: 'a.png',
      output_dir: 'out',
      w: 10,
      flop: true,
      crop: '0,0,50%,100%',
      format: ['webp', 'avif'],
    }
    const { outputs } = success(await runOne(root, { ...job, 'avif.quality': 40, lossless: true, background: '#fff' }))
    expect(outputs.map(({ path, width, height }) => [path, width, height])).toEqual([
      ['out/a-10.webp', 10, 20],
      ['out/a-10.avif', 10, 20],
    ])
    const { data } = await sharp(join(root, 'out/a-10.webp')).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    expect([...data.subarray(0, 3)]).toEqual([255, 0, 0])
  })

  test('inline: the very bytes of the file', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 40) })
    const [output] = success(await runOne(root, { ...resize, widths: [10], inline: true })).outputs
    expect(Buffer.from(output?.data_base64 ?? '', 'base64')).toEqual(readFileSync(join(root, output?.path ?? '')))
  })

  test('linear_rgb: black and white points mix to the grey that they look like from afar', async () => {
    const board = Buffer.from(Array.from({ length: 64 * 64 }, (_, index) => ((index + (index >> 6)) % 2 ? 255 : 0)))
    const { root } = project({
      'a.png': await sharp(board, { raw: { width: 64, height: 64, channels: 1 } })
        .png()
        .toBuffer(),
    })
    const job = { operation: 'resize', input: 'a.png', widths: [8] }
    const grey = async (output_dir: string, fields: Record<string, unknown>): Promise<number | undefined> => {
      const [output] = success(await runOne(root, { ...job, ...fields, output_dir })).outputs
      return (
        await sharp(join(root, output?.path ?? ''))
          .raw()
          .toBuffer()
      )[27 * 3]
    }
    expect(await grey('plain', {})).toBeCloseTo(128, -1)
    expect(await grey('linear', { linear_rgb: true })).toBe(188)
  })

  test('no two outputs of a job share a name', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(60, 60) })
    const { outputs } = success(await runOne(root, { ...resize, widths: [20], h: [10, 20], quality: [10, 90] }))
    expect(outputs.map(({ path }) => path.replace(/-[0-9a-f]{8}\./, '-key.'))).toEqual(
      Array.from({ length: 4 }, () => 'out/photo-20-key.webp'),
    )
    expect(new Set(outputs.map(({ path }) => path)).size).toBe(4)
    const other = success(await runOne(root, { ...resize, widths: [20], h: [10, 20] }))
    expect(other.outputs.map(({ path }) => path)).toEqual(['out/photo-20x10.webp', 'out/photo-20x20.webp'])
  })

  test('a second time nothing is made anew, and the record is the same', async () => {
    const { root } = project({ 'photo.jpg': await jpeg(40, 40) })
    const first = await runOne(root, resize)
    expect(await runOne(root, resize)).toEqual(first)
  })
})

describe('srcset', () => {
  test('formats, and HTML that shows the files', async () => {
    const { root } = project({ 'a b,c.png': await png(40, 20) })
    const job = { operation: 'srcset', input: 'a b,c.png', output_dir: 'out', widths: [10, 20], formats: ['webp', 'jpg'] }
    expect(success(await runOne(root, job)).metadata).toBeNull()
    const { outputs, metadata } = success(await runOne(root, { ...job, generate_html: true }))
    expect(outputs.map(({ path }) => path)).toEqual(['out/a b,c-10.webp', 'out/a b,c-20.webp', 'out/a b,c-10.jpg', 'out/a b,c-20.jpg'])
    expect(metadata).toEqual({
      srcset: 'out/a%20b%2Cc-10.jpg 10w, out/a%20b%2Cc-20.jpg 20w',
      html:
        '<picture><source type="image/webp" srcset="out/a%20b%2Cc-10.webp 10w, out/a%20b%2Cc-20.webp 20w" sizes="100vw">' +
        '<img src="out/a%20b%2Cc-20.jpg" srcset="out/a%20b%2Cc-10.jpg 10w, out/a%20b%2Cc-20.jpg 20w" sizes="100vw" width="20" height="10" alt=""></picture>',
    })
  })

  test('densities', async () => {
    const { root } = project({ 'a.png': await png(40, 20) })
    const job = { operation: 'srcset', input: 'a.png', output_dir: 'out', widths: [10], densities: [1, 2], generate_html: true }
    const { outputs, metadata } = success(await runOne(root, job))
    expect(outputs.map(({ path, width }) => [path, width])).toEqual([
      ['out/a-10.png', 10],
      ['out/a-10@2x.png', 20],
    ])
    expect(metadata).toMatchObject({
      html: '<img src="out/a-10.png" srcset="out/a-10.png 1x, out/a-10@2x.png 2x" width="10" height="5" alt="">',
    })
  })
})

test('convert: one file under the name that was asked for', async () => {
  const { root } = project({ 'a.png': await png(40, 20) })
  const job = { operation: 'convert', input: 'a.png', output: 'deep/er/b.jpg', format: 'jpg', quality: 50 }
  expect(success(await runOne(root, job))).toMatchObject({
    operation: 'convert',
    outputs: [{ path: 'deep/er/b.jpg', format: 'jpeg', width: 40, height: 20 }],
  })
  expect((await sharp(join(root, 'deep/er/b.jpg')).metadata()).format).toBe('jpeg')
  expect(failure(await runOne(root, { ...job, w: [10, 20] })).error).toBe(
    '`convert` writes one file, and the lists of this job multiply to 2',
  )
})

test('a job on standard input may be written over several lines; warnings are on standard error', async () => {
  const { root } = project({ 'photo.jpg': await jpeg(40, 40) })
  const { code, records, stderr, stdout } = await runCli(root, ['process'], JSON.stringify({ ...resize, widths: [90] }, undefined, 2))
  expect(code).toBe(0)
  expect(success(records[0]).outputs).toMatchObject([{ path: 'out/photo-40.webp' }])
  expect(stdout.split('\n')).toHaveLength(2)
  expect(stderr).toContain('photo.jpg: larger than the source (40 × 40 px)')
})

describe('refused', () => {
  const wrong: [string, Record<string, unknown>, string, string][] = [
    ['a missing file', { input: 'missing.png' }, 'SOURCE_NOT_FOUND', 'Input file not found: missing.png'],
    ['a folder as input', { input: '.' }, 'SOURCE_UNREADABLE', 'A folder has the name of the image: .'],
    ['a file that is no image', { input: 'package.json' }, 'FORMAT_UNSUPPORTED', 'package.json'],
    ['an unknown operation', { operation: 'resise' }, 'INPUT_INVALID', 'Unknown operation "resise": expected one of resize, srcset'],
    ['video', { operation: 'video_trim', input: 'a.mp4' }, 'INPUT_INVALID', 'Unknown operation "video_trim"'],
    ['audio', { operation: 'audio_transcode', input: 'a.mp3' }, 'INPUT_INVALID', 'Unknown operation "audio_transcode"'],
    ['no operation', { operation: undefined }, 'INPUT_INVALID', 'Missing field `operation`: expected one of'],
    ['an operation of another type', { operation: 5 }, 'INPUT_INVALID', 'Unknown operation 5: expected one of'],
    ['a missing field', { output_dir: undefined }, 'INPUT_INVALID', 'Missing field `output_dir`: expected the folder to write to'],
    ['no size', { widths: undefined }, 'INPUT_INVALID', 'Missing field `widths`'],
    ['a wrong type', { widths: '40' }, 'INPUT_INVALID', 'Invalid value of `widths`: expected a list of widths in px, received "40"'],
    ['an empty list', { widths: [] }, 'INPUT_INVALID', 'Invalid value of `widths`: expected a list of at least one width in px'],
    [
      'a wrong item',
      { widths: [40, -5] },
      'INPUT_INVALID',
      'Invalid value of `widths[1]`: expected a width in px from 1 to 65535, received -5',
    ],
    ['a wrong directive', { blur: 'much' }, 'INPUT_INVALID', 'Invalid value of `blur`: expected nothing, or a sigma from 0.3 to 1000'],
    ['an unknown field', { widht: 4 }, 'INPUT_INVALID', 'Unknown field `widht`'],
    ['an inherited name', { constructor: 4 }, 'INPUT_INVALID', 'Unknown field `constructor`'],
    [
      'a name of another format',
      { operation: 'convert', output: 'out/a.jpg', output_dir: undefined, widths: undefined, format: 'webp' },
      'INPUT_INVALID',
      'out/a.jpg would be called jpeg, and is webp',
    ],
    ['two sizes', { scale_percent: 50 }, 'INPUT_INVALID', '`widths` and `scale_percent` cannot be used together'],
    [
      'a scale of nothing',
      { widths: undefined, scale_percent: 0 },
      'INPUT_INVALID',
      'expected a number above 0 and up to 1000, received 0',
    ],
    ['NUL in the input', { input: 'a\0.jpg' }, 'INPUT_INVALID', 'Invalid value of `input`'],
    ['NUL in the output', { output_dir: 'a\0' }, 'INPUT_INVALID', 'Invalid value of `output_dir`'],
    [
      'a file in the place of the folder',
      { output_dir: 'package.json' },
      'OUTPUT_UNWRITABLE',
      'The output file package.json/photo-20.webp cannot be written',
    ],
    [
      'a folder in the place of the file',
      { output_dir: 'taken' },
      'OUTPUT_UNWRITABLE',
      'The output file taken/photo-20.webp cannot be written',
    ],
    ['a name that is too long', { output_dir: 'x'.repeat(300) }, 'OUTPUT_UNWRITABLE', 'ENAMETOOLONG'],
    ['a value that only the image refuses', { crop: '0,0,500,500' }, 'INVALID_DIRECTIVE', 'expected a rectangle within the source'],
  ]
  test('each with a record that names the field, and nothing is written', async () => {
    const { root, write } = project({ 'photo.jpg': await jpeg(40, 40) })
    write('taken/photo-20.webp/keep.txt', 'kept')
    const before = [...filesOf(root).keys()]
    const jobs = wrong.map(([, fields]) => ({ ...resize, ...fields }))
    const ended = await runCli(root, ['process', '--stream'], ndjson(jobs))
    expect(ended.code).toBe(1)
    expect(ended.records).toHaveLength(wrong.length)
    for (const [index, [name, , code, error]] of wrong.entries()) {
      const record = failure(ended.records[index])
      expect({ name, ...record }).toMatchObject({ name, code, retryable: false })
      expect(record.error).toContain(error)
    }
    const after = [...filesOf(root).keys()].filter((path) => !path.startsWith('node_modules/'))
    expect(after).toEqual(before)
  })

  test('the nearest name is said', async () => {
    const { root } = project()
    const jobs = [{ width: [5] }, { widht: [5] }, { operation: 'converts' }].map((fields) => ({ ...resize, ...fields }))
    const { records } = await runCli(root, ['process', '--stream'], ndjson(jobs))
    expect(records.map((record) => failure(record).hint)).toEqual(['`w`', '`w`', '`convert`'].map((name) => `Did you mean ${name}?`))
  })

  test('an output that is its input, by any spelling', async () => {
    const photo = await jpeg(40, 40)
    const { root } = project({ 'photo.jpg': photo, 'deep/a.txt': '' })
    symlinkSync('photo.jpg', join(root, 'link.jpg'))
    linkSync(join(root, 'photo.jpg'), join(root, 'hard.jpg'))
    symlinkSync('.', join(root, 'here'))
    const outputs = ['photo.jpg', './deep/../photo.jpg', join(root, 'photo.jpg'), 'link.jpg', 'hard.jpg', 'here/photo.jpg']
    const jobs = outputs.map((output) => ({ operation: 'convert', input: 'photo.jpg', output, format: 'jpeg', w: 10 }))
    const { records } = await runCli(root, ['process', '--stream'], ndjson([...jobs, { ...jobs[0], input: 'link.jpg' }]))
    for (const [index, output] of [...outputs, 'photo.jpg'].entries())
      expect(failure(records[index])).toMatchObject({ code: 'INPUT_INVALID', error: `The output ${output} is the input file` })
    expect(readFileSync(join(root, 'photo.jpg'))).toEqual(photo)
  })

  test('wrong usage has its own exit code and prints no record', async () => {
    const { root } = project()
    const usages: [string[], string][] = [
      [[], 'Usage: imagemill'],
      [['proces'], 'unknown command "proces": did you mean process?'],
      [['process', '--jobb', '{}'], 'unknown option --jobb: did you mean --job?'],
      [['process', '--job'], "Option '--job <value>' argument missing"],
      [['process', '--job', '{}', '--stream'], '--job and --stream cannot be used together'],
      [['process', 'more'], 'unexpected argument "more"'],
      [['process', '--job', '{}', '--concurrency', 'many'], 'invalid --concurrency'],
      [['process', '--job', '{}', '--memory', 'much'], 'invalid option `memory`'],
      [['batch'], 'there is no file of jobs'],
      [['batch', 'missing.ndjson'], 'the file of jobs missing.ndjson cannot be read (ENOENT)'],
    ]
    for (const [args, message] of usages) {
      const { code, stdout, stderr } = await runCli(root, args)
      expect([args, code, stdout]).toEqual([args, 2, ''])
      expect(stderr).toContain(message)
    }
    expect(existsSync(join(root, 'node_modules'))).toBe(false)
  })
})

test('what a killed command has left half written goes with the next one, what a running one writes stays', async () => {
  const { root } = project({ 'a.png': await png(30, 20) })
  mkdirSync(join(root, 'out'))
  const [dead, alive] = [`.imagemill-${PROCESS_NAME.replace(/^\d+/, '4194305')}-ab`, `.imagemill-${PROCESS_NAME}-ab`]
  for (const name of [dead, alive]) writeFileSync(join(root, 'out', name), 'half')
  success(await runOne(root, { operation: 'resize', input: 'a.png', output_dir: 'out', widths: [10] }))
  expect(readdirSync(join(root, 'out')).sort()).toEqual([alive, 'a-10.png'].sort())
})

test('a size that no quality reaches is told of', async () => {
  const { root } = project({ 'a.jpg': await jpeg(300, 200) })
  const job = { operation: 'quality', input: 'a.jpg', output: 'out/a.webp', format: 'webp', target_size: 300 }
  const { code, stderr } = await runCli(root, ['process', '--job', JSON.stringify(job)])
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /a\.jpg \(out\/a\.webp\): no quality from 30 to 95 gives 300 bytes or less; .*`target_size` or a lower `min_quality`/,
  )
})

test('jobs of a batch that write one file are named by the batch', async () => {
  const { root } = project({ 'a.jpg': await jpeg(30, 20), 'b.jpg': await jpeg(30, 20, 2) })
  const jobs = ['a.jpg', 'b.jpg'].map((input) => ({ operation: 'convert', input, output: 'out.webp', format: 'webp' }))
  const { stdout } = await runCli(root, ['process', '--job', JSON.stringify({ operation: 'batch', jobs })])
  expect(stdout).toContain('job 1 of the batch and job 2 of the batch')
})
