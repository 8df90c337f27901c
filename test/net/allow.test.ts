import { expect, test } from 'vitest'
import { allowsOf } from '../../src/net/allow.ts'

const CASES: [pattern: string, allowed: string[], refused: string[]][] = [
  [
    'https://cdn.example/images/**',
    [
      'https://cdn.example/images/a.jpg',
      'https://CDN.example:443/images/x/.hidden/a.jpg?token=1#x',
      'https://cdn.example/images/../images/a.jpg',
    ],
    [
      'http://cdn.example/images/a.jpg',
      'https://cdn.example/other/a.jpg',
      'https://cdn.example/images/../a.jpg',
      'https://cdn.example/images/%2e%2e/a.jpg',
      'https://cdn.example:8443/images/a.jpg',
      'https://cdn.example.evil.test/images/a.jpg',
      'https://cdnxexample/images/a.jpg',
      'https://evil.test/https://cdn.example/images/a.jpg',
      'https://cdn.example@evil.test/images/a.jpg',
      'https://user:secret@cdn.example/images/a.jpg',
    ],
  ],
  ['https://cdn.example', ['https://cdn.example/', 'https://cdn.example/a/b.jpg'], ['https://www.cdn.example/']],
  [
    'https://*.example/*.jpg',
    ['https://a.example/x.jpg'],
    ['https://example/x.jpg', 'https://a.b.example/x.jpg', 'https://a.example/y/x.jpg'],
  ],
  ['https://**.example', ['https://a.b.example/x.jpg', 'https://a.example/x'], ['https://example/x', 'https://a.example.evil/x']],
  [
    'http://127.0.0.1:8080/**',
    ['http://127.0.0.1:8080/a.jpg', 'http://0x7f.1:8080/a.jpg'],
    ['http://127.0.0.1/a.jpg', 'http://127.0.0.10:8080/'],
  ],
  ['http://[::1]:80/**', ['http://[0:0::1]/a.jpg'], ['http://[::2]/a.jpg']],
  ['https://bilder.müller.example', ['https://bilder.xn--mller-kva.example/a.jpg', 'https://bilder.müller.example/'], []],
]

test.each(CASES)('%s', (pattern, allowed, refused) => {
  const allows = allowsOf(pattern)
  expect(allowed.filter((url) => !allows?.(new URL(url)))).toEqual([])
  expect(refused.filter((url) => allows?.(new URL(url)))).toEqual([])
})

test.each([
  'cdn.example/**',
  'ftp://cdn.example',
  'https://',
  'https://user@cdn.example',
  'https://a..b',
  'https://cdn.example/?w=1',
  '**',
])('%s is no pattern', (pattern) => expect(allowsOf(pattern)).toBeUndefined())
