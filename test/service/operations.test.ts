import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { apiErrorSchema } from '../../src/contract/api-error.ts'
import { jobQueuedResponseSchema, jobStatusResponseSchema, validationErrorSchema } from '../../src/contract/lifecycle.ts'
import { srcsetMetadataSchema } from '../../src/contract/metadata.ts'
import { runOne, success } from '../support/cli.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'
import { bytesAt, startService } from '../support/service.ts'

test('a job is taken, followed to its end and fetched: the bytes and the record are those of the command line', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(300, 200) })
  const service = await startService(root, ['--dir', 'photos'])
  const answer = await service.post('/v1/resize', { input: 'tree.jpg', widths: [60, 120], format: 'webp' })
  expect(answer.status).toBe(202)
  const queued = jobQueuedResponseSchema.parse(await answer.json())
  expect(queued).toMatchObject({ status: 'queued', endpoint: '/v1/resize' })
  expect(answer.headers.get('location')).toBe(`/v1/resize/status/${queued.job_id}`)
  const ended = await service.completed(queued.job_id)
  expect(await (await service.request(`/v1/resize/status/${queued.job_id}`)).json()).toEqual(ended)

  const record = success(
    await runOne(root, { operation: 'resize', input: 'photos/tree.jpg', output_dir: 'out', widths: [60, 120], format: 'webp' }),
  )
  const files = ['tree-60.webp', 'tree-120.webp'].map((name) => readFileSync(join(root, 'out', name)))
  const { result } = ended
  if (!result?.success) throw new Error('there is no record')
  const facts = (outputs: typeof record.outputs): unknown => outputs.map((output) => ({ ...output, path: '' }))
  expect(facts(result.outputs)).toEqual(facts(record.outputs))
  expect(await Promise.all(result.outputs.map(({ path }) => bytesAt(path)))).toEqual(files)
  expect(result.outputs[1]?.path).toBe(ended.result_url)
  expect(ended).toMatchObject({ progress: 100, result_mime_type: 'image/webp', result_size_bytes: files[1]?.length, credits_amount: 0 })
  expect(Buffer.from(ended.result_base64 ?? '', 'base64')).toEqual(files[1])
  expect(Math.round(1000 * (ended.queue_wait_seconds + ended.inference_time_seconds))).toBe(Math.round(1000 * ended.total_elapsed_seconds))
})

test('every operation, and what has no file has its record as its result', async () => {
  const { root } = project({ 'photos/a/tree.jpg': await jpeg(400, 300) })
  const service = await startService(root, ['--dir', 'photos'])
  const input = 'a/tree.jpg'
  const end = async (operation: string, job: object): ReturnType<typeof service.completed> =>
    service.completed(await service.submit(operation, { input, ...job }))

  const srcset = await end('srcset', { widths: [100, 200], formats: ['avif', 'jpeg'], generate_html: true })
  expect(srcset.result_mime_type).toBe('image/jpeg')
  expect(await sharp(await bytesAt(srcset.result_url)).metadata()).toMatchObject({ format: 'jpeg', width: 200, height: 150 })
  const urls = srcset.result?.success ? srcset.result.outputs.map(({ path }) => path) : []
  const { srcset: candidates, html } = srcset.result?.success
    ? srcsetMetadataSchema.parse(srcset.result.metadata)
    : { srcset: '', html: '' }
  expect(candidates).toBe(`${urls[2]} 100w, ${urls[3]} 200w`)
  expect([...html.matchAll(/http[^" ]+/g)].map(([url]) => url.replaceAll('&amp;', '&'))).toEqual([
    ...urls.slice(0, 2),
    urls[3],
    ...urls.slice(2),
  ])
  expect(JSON.stringify(srcset)).not.toContain(root)
  const converted = await end('convert', { format: 'png', output: 'b/c.png' })
  expect(new URL(converted.result_url).pathname).toMatch(/\/b\/c\.png$/)
  expect(await sharp(await bytesAt(converted.result_url)).metadata()).toMatchObject({ format: 'png', width: 400 })
  const quality = await end('quality', { format: 'webp', target_size: 6000 })
  expect((await bytesAt(quality.result_url)).length).toBeLessThanOrEqual(6000)
  expect(quality.result).toMatchObject({ operation: 'quality', metadata: { target_size: 6000 } })
  const stripped = await end('exif', { exif_op: 'strip' })
  expect(stripped.result_mime_type).toBe('image/jpeg')
  for (const [operation, job] of [
    ['exif', { exif_op: 'extract' }],
    ['placeholder', { kind: 'dominant_color' }],
  ] as const) {
    const ended = await end(operation, job)
    expect(ended.result_mime_type).toBe('application/json')
    expect(JSON.parse((await bytesAt(ended.result_url)).toString())).toEqual(ended.result)
  }
})

test('an upload is a source: the same bytes from JSON, from a form and from the body alone', async () => {
  const image = await jpeg(300, 200)
  const { root } = project({ 'photos/tree.jpg': image })
  const service = await startService(root, ['--dir', 'photos'])
  const job = { widths: [80], format: 'webp' }
  const plain = await service.completed(await service.submit('resize', { input: 'tree.jpg', ...job }))
  const form = new FormData()
  form.set('job', JSON.stringify(job))
  form.set('file', new Blob([new Uint8Array(image)], { type: 'image/jpeg' }), '../../tree.jpg')
  const bodies = [
    await service.request('/v1/resize', { method: 'POST', body: form }),
    await service.request(`/v1/resize?filename=tree.jpg&job=${encodeURIComponent(JSON.stringify(job))}`, {
      method: 'POST',
      body: new Uint8Array(image),
      headers: { 'Content-Type': 'image/jpeg' },
    }),
  ]
  for (const answer of bodies) {
    expect(answer.status).toBe(202)
    const ended = await service.completed(jobQueuedResponseSchema.parse(await answer.json()).job_id)
    expect(new URL(ended.result_url).pathname).toMatch(/\/tree-80\.webp$/)
    expect(await bytesAt(ended.result_url)).toEqual(await bytesAt(plain.result_url))
  }
})

test('an upload keeps its name in any script, and loses what a file system could mistake', async () => {
  const image = new Uint8Array(await jpeg(300, 200))
  const { root } = project()
  const service = await startService(root)
  const nameOf = async (answer: Response): Promise<string> => {
    const { result_url } = await service.completed(((await answer.json()) as { job_id: string }).job_id)
    return decodeURIComponent(new URL(result_url).pathname.split('/').at(-1) ?? '')
  }
  const sent = async (name: string): Promise<string> => {
    const form = new FormData()
    form.set('job', '{"widths":[64],"format":"webp"}')
    form.set('file', new Blob([image]), name)
    return nameOf(await service.request('/v1/resize', { method: 'POST', body: form }))
  }
  expect(await sent('u\u0308ni\u0308 画.jpg')).toBe('\u00FCn\u00EF_画-64.webp')
  expect(await sent('../..\\..a:b|c.jpg')).toBe('a_b_c-64.webp')
  expect(await sent(`${'画'.repeat(200)}.jpg`)).toMatch(/^画{65}-64\.webp$/)
  const query = `filename=${encodeURIComponent('ünï.jpg')}&job=${encodeURIComponent('{"widths":[64],"format":"webp"}')}`
  const init = { method: 'POST', body: image, headers: { 'Content-Type': 'image/jpeg' } }
  expect(await nameOf(await service.request(`/v1/resize?${query}`, init))).toBe('ünï-64.webp')
})

test('what is wrong with a job is told at once, by field; what is wrong with its source when it is done', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(60, 40), 'photos/broken.jpg': 'nothing' })
  const service = await startService(root, ['--dir', 'photos'])
  const answer = await service.post('/v1/resize', { input: '../x.jpg', widths: [-5], formt: 'webp', callback_url: 'ftp://x' })
  expect(answer.status).toBe(422)
  const { detail } = validationErrorSchema.parse(await answer.json())
  expect(detail).toEqual([
    { loc: ['body', 'callback_url'], msg: expect.stringContaining('received "ftp://x"'), type: 'value_error.string' },
  ])
  const second = await service.post('/v1/resize', { input: '../x.jpg', widths: [-5], formt: 'webp' })
  expect(validationErrorSchema.parse(await second.json()).detail).toEqual([
    { loc: ['body', 'widths', 0], msg: 'Expected a width in px from 1 to 65535, received -5', type: 'value_error.number' },
    { loc: ['body', 'formt'], msg: 'Unknown field "formt": did you mean `format`?', type: 'value_error.unknown_field' },
    { loc: ['body', 'input'], msg: expect.stringContaining('received "../x.jpg"'), type: 'value_error.path' },
  ])
  const conflict = await service.post('/v1/resize', { input: 'tree.jpg', widths: [5], scale_percent: 10 })
  expect([conflict.status, await conflict.json()]).toMatchObject([422, { detail: [{ loc: ['body'], type: 'value_error.job' }] }])

  const missing = await service.end(await service.submit('resize', { input: 'missing.png', widths: [5] }))
  expect(missing).toEqual({
    job_id: missing.job_id,
    status: 'failed',
    error: 'Input file not found: missing.png',
    failure_reason_code: 'INPUT_INVALID',
    retryable: false,
  })
  expect(await service.end(await service.submit('convert', { input: 'broken.jpg', format: 'webp' }))).toMatchObject({
    status: 'failed',
    failure_reason_code: 'INPUT_INVALID',
    retryable: false,
  })
  const unknown = await service.request('/v1/resize/status/job_000000000000000000000000')
  expect([unknown.status, apiErrorSchema.parse(await unknown.json()).code]).toEqual([404, 'UNKNOWN_JOB'])
  expect((await service.request(`/v1/convert/status/${missing.job_id}`)).status).toBe(404)
})

test('a job that asks for too many files is refused before it is taken', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(30, 20) })
  const service = await startService(root, ['--dir', 'photos'])
  const widths = Array.from({ length: 5000 }, (_, index) => index + 1)
  for (const [operation, job] of [
    ['resize', { widths }],
    ['srcset', { widths: widths.slice(0, 600), formats: ['webp', 'jpeg'] }],
  ] as const) {
    const answer = await service.post(`/v1/${operation}`, { input: 'tree.jpg', ...job })
    const body = JSON.stringify(await answer.json())
    expect([answer.status, body]).toEqual([422, expect.stringMatching(/The lists multiply to \d+ outputs: expected at most 1000/)])
    expect(body).not.toContain('query')
  }
})

test('a status has a tag, its events come in order, and progress never goes back', async () => {
  const { root } = project({ 'photos/tree.jpg': await jpeg(900, 600) })
  const service = await startService(root, ['--dir', 'photos'])
  const id = await service.submit('resize', { input: 'tree.jpg', widths: [100, 200, 300, 400, 500], format: 'avif' })
  const events = await (await service.request(`/v1/jobs/${id}/events`)).text()
  const seen = [...events.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => jobStatusResponseSchema.parse(JSON.parse(data)))
  const order = ['queued', 'pending', 'processing', 'completed']
  const steps = seen.map(({ status }) => order.indexOf(status))
  expect(steps).toEqual([...steps].sort((a, b) => a - b))
  expect(seen.at(-1)).toEqual(await service.completed(id))
  const progress = seen.map((status) => ('progress' in status ? (status.progress ?? 0) : 0))
  expect(progress).toEqual([...progress].sort((a, b) => a - b))
  expect(seen.length).toBeGreaterThan(3)

  const status = await service.request(`/v1/resize/status/${id}`)
  const tag = status.headers.get('etag') ?? ''
  const again = await service.request(`/v1/resize/status/${id}`, { headers: { 'If-None-Match': tag } })
  expect([again.status, await again.text()]).toEqual([304, ''])
})
