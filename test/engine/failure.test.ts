import { expect, test } from 'vitest'
import { decodeError } from '../../src/engine/failure.ts'
import { failureOf } from '../support/plans.ts'

test.each([
  [
    'Input buffer has corrupt header: pngload_buffer: bad adaptive filter value',
    'SOURCE_CORRUPT',
    'the image is damaged (pngload_buffer: bad adaptive filter value)',
  ],
  [
    'Input buffer has corrupt header:\nVipsJpeg: premature end of JPEG image\nVipsJpeg: out of order read',
    'SOURCE_CORRUPT',
    'the image is damaged (VipsJpeg: premature end of JPEG image)',
  ],
  [
    'source: bad seek to 504\nsource: bad seek to 578\nheif: Invalid input: Box smaller than 0 bytes',
    'SOURCE_CORRUPT',
    'the image is damaged (heif: Invalid input: Box smaller than 0 bytes)',
  ],
  ['Warning treated as error due to failOn setting', 'SOURCE_CORRUPT', 'the image is damaged (its decoder met data that cannot be right)'],
  ['Unknown error', 'SOURCE_CORRUPT', 'the image is damaged (its decoder met data that cannot be right)'],
  ['Input image exceeds pixel limit', 'PIXEL_LIMIT', 'the source has more pixels than allowed (Input image exceeds pixel limit)'],
  [
    'Input buffer contains unsupported image format',
    'FORMAT_UNSUPPORTED',
    'the image cannot be decoded (Input buffer contains unsupported image format)',
  ],
  ['Input image exceeds channel limit', 'FORMAT_UNSUPPORTED', 'the image cannot be decoded (Input image exceeds channel limit)'],
  [
    'VipsJpeg: Fractional sampling not implemented yet',
    'FORMAT_UNSUPPORTED',
    'the image cannot be decoded (VipsJpeg: Fractional sampling not implemented yet)',
  ],
])('%j is told as %s: %s', (said, code, reason) => {
  const failure = failureOf(() => decodeError(new Error(said)))
  expect([failure.code, failure.reason]).toEqual([code, reason])
  expect(failure.hint).toMatch(/\.$/)
})

test('what is not an error of the decoder is thrown on', () => {
  expect(() => decodeError('text')).toThrow('text')
})
