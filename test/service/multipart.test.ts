import { expect, test } from 'vitest'
import { boundaryOf, readMultipart } from '../../src/service/multipart.ts'

async function read(chunks: Uint8Array[], boundary: string): Promise<[string, string | undefined, string][]> {
  const parts: [string, string | undefined, string][] = []
  async function* each(): AsyncGenerator<Uint8Array> {
    yield* chunks
  }
  await readMultipart(each(), boundary, async ({ name, filename }) => {
    let content = ''
    return { write: (bytes) => void (content += bytes.toString('latin1')), end: () => void parts.push([name, filename, content]) }
  })
  return parts
}

/** What looks like the begin of a boundary is content, too. */
const TRICKY = 'a\r\n--b\r\n--bound\r\n-\r\n\r\n--boundar\r'

test('a form is the same wherever its bytes are cut', async () => {
  const form = new FormData()
  form.set('job', '{"a":1}')
  form.set('file', new Blob([TRICKY]), 'x "y".jpg')
  const request = new Request('http://x/', { method: 'POST', body: form })
  const boundary = boundaryOf(request.headers.get('content-type') ?? '') ?? ''
  const bytes = new Uint8Array(await request.arrayBuffer())
  const expected = [
    ['job', undefined, '{"a":1}'],
    ['file', expect.stringContaining('x'), TRICKY],
  ]
  for (let size = 1; size <= bytes.length; size++) {
    const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) => bytes.subarray(index * size, (index + 1) * size))
    expect(await read(chunks, boundary)).toEqual(expected)
  }
  for (let end = 0; end < bytes.length - 4; end += 7) await expect(read([bytes.subarray(0, end)], boundary)).rejects.toThrow()
})

test('a boundary may be in quotes; another content type has none', () => {
  expect(boundaryOf('multipart/form-data; boundary="a b"')).toBe('a b')
  expect(boundaryOf('multipart/form-data; charset=x; boundary=ab')).toBe('ab')
  expect(boundaryOf('multipart/mixed; boundary=ab')).toBeUndefined()
})
