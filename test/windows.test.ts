import { win32 } from 'node:path'
import { expect, test } from 'vitest'
import { nameOnDisk } from '../src/jobs/claims.ts'
import { outputPaths } from '../src/jobs/names.ts'
import { isOutside, pathBelow } from '../src/plugin/path-below.ts'
import { wrongPath } from '../src/service/paths.ts'
import type { Output } from '../src/types.ts'

test.each([
  ['C:\\site', 'C:\\site\\img\\a.jpg', 'img/a.jpg', false],
  ['C:/site', 'C:/site/img/a.jpg', 'img/a.jpg', false],
  ['C:\\site', 'c:\\SITE\\img\\a.jpg', 'img/a.jpg', false],
  ['C:\\site', 'C:\\shared\\a.jpg', '../shared/a.jpg', true],
  ['C:\\site', 'D:\\site\\a.jpg', 'D:/site/a.jpg', true],
  ['C:\\site', '\\\\server\\share\\a.jpg', '//server/share/a.jpg', true],
  ['\\\\server\\share\\site', '\\\\server\\share\\site\\a.jpg', 'a.jpg', false],
  ['C:\\site', 'C:\\site\\..a.jpg', '..a.jpg', false],
  ['C:\\site', 'https://cdn.example/a.jpg', 'https://cdn.example/a.jpg', undefined],
])('below %s, %s is %s', (root, file, path, outside) => {
  expect(pathBelow(root, file, win32)).toBe(path)
  if (outside !== undefined) expect(isOutside(root, file, win32)).toBe(outside)
})

test.each([
  ['out', 'photos\\Tree.JPG', 'out/Tree-320.webp'],
  ['C:\\out\\x', 'C:/photos/tree.jpg', 'C:/out/x/tree-320.webp'],
  ['\\\\server\\share\\out', 'D:\\tree.jpg', '//server/share/out/tree-320.webp'],
  // A device in any folder, but not with something after its name.
  ['out', 'aux.jpg', 'out/aux-320.webp'],
])('files in %s made of %s', (folder, file, path) => {
  const output = { key: 'a'.repeat(64), descriptor: '320w', picture: { width: 320, height: 200 }, encoding: { format: 'webp' } }
  expect(outputPaths(folder, file, [output as Output], win32)).toEqual([path])
})

test.each([
  'C:/a.jpg',
  'c:a.jpg',
  '\\\\server\\share\\a.jpg',
  '//server/share/a.jpg',
  '\\\\?\\C:\\a.jpg',
  'a\\..\\b.jpg',
  '../a.jpg',
  'a/../b.jpg',
  'CON',
  'con.jpg',
  'photos/Aux.png',
  'nul',
  'com1.webp',
  'LPT¹.jpg',
  'conin$',
  'prn .jpg',

  'a.jpg.',
  'a.jpg ',
  'photos./a.jpg',
  'photos /a.jpg',
  '...',
  'a.jpg::$DATA',
  'a.jpg:secret',
  'a*.jpg',
  'a?.jpg',
  'a|b.jpg',
  'a<b.jpg',
  'a"b.jpg',
])('on Windows %j is no path of a source', (path) => {
  expect(wrongPath(path, 'win32')).toEqual(expect.any(String))
})

test('what is no device is a path on Windows, and elsewhere a device is one, too', () => {
  for (const path of ['console.jpg', 'photos/com10.jpg', 'a.con', 'auxiliary/nul-1.png', '.hidden', 'ä ö.jpg']) {
    expect(wrongPath(path, 'win32')).toBeUndefined()
  }
  for (const path of ['con.jpg', '12:30.jpg', 'a.jpg.']) expect(wrongPath(path, 'linux')).toBeUndefined()
})

test('two spellings of one name are one file where the disk takes them for one', () => {
  const names = ['C:\\out\\A.webp', 'c:\\Out\\a.WEBP']
  expect(new Set(names.map((name) => nameOnDisk(name, 'win32'))).size).toBe(1)
  expect(new Set(['/out/\u00e4', '/out/a\u0308'].map((name) => nameOnDisk(name, 'darwin'))).size).toBe(1)
  expect(new Set(names.map((name) => nameOnDisk(name, 'linux'))).size).toBe(2)
})
