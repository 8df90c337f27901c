import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { photo, quarters } from './images.ts'
import { project, type Project } from './project.ts'

/** Five files that a dev server must not show, and what would give each of them away. */
export interface Planted extends Project {
  /** The root of the dev server, which is the only folder that it may show. */
  site: string
  /** Absolute paths by name. */
  secrets: Record<string, string>
  /** Whether an answer tells of a secret: its text, its size, or the name of an image of it. */
  tells(answer: { text: string; headers: Record<string, string> }): boolean
}

const MARK = 'c0ffee-5ec2e7'

/** Ids of requests, which may hold any number. */
const UUID = /[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}/g

/** A site with secrets beside and inside of it, with links that lead to them. */
export async function plant(): Promise<Planted> {
  const image = await photo(1311, 1211)
    .withExif({ IFD0: { Copyright: MARK } })
    .jpeg({ quality: 30 })
    .toBuffer()
  const made = project({
    'site/package.json': '{}',
    'site/index.html': '<h1>home</h1>',
    'site/photo.jpg': await quarters(60, 40).jpeg().toBuffer(),
    'site/src/photo.png': await sharp(await quarters(50, 30).png().toBuffer())
      .png()
      .toBuffer(),
    'outside/photo.jpg': image,
    'outside/drawing.svg': `<svg xmlns="http://www.w3.org/2000/svg" width="1313" height="1213"><text>${MARK}</text></svg>`,
    'site-secret/photo.jpg': image,
    'site/.env': `KEY=${MARK}`,
    'site/private/photo.jpg': image,
  })
  const at = (path: string): string => join(made.root, path)
  symlinkSync(at('outside/photo.jpg'), at('site/link.jpg'))
  symlinkSync(at('outside'), at('site/folder'))
  return {
    ...made,
    site: at('site'),
    secrets: {
      'an image outside': at('outside/photo.jpg'),
      'a drawing outside': at('outside/drawing.svg'),
      'an image of a folder whose name begins like the root': at('site-secret/photo.jpg'),
      'a file that is never shown': at('site/.env'),
      'an image of a denied folder': at('site/private/photo.jpg'),
    },
    tells: ({ text, headers }) =>
      /c0ffee-5ec2e7|\b1(?:31[13]|21[13])\b|@imagemill\/[\da-f]{64}/.test(text.replace(UUID, '')) ||
      headers['content-type']?.startsWith('image/') === true,
  }
}

/** Ways to write the address of a file; `root` is that of the server. */
export function addressesOf(file: string, root: string): string[] {
  const up = `${'../'.repeat(2)}${file.split('/').slice(-2).join('/')}`
  const encode = (text: string, pattern: RegExp): string => text.replace(pattern, (letter) => `%${letter.charCodeAt(0).toString(16)}`)
  const twice = (text: string, pattern: RegExp): string => encode(encode(text, pattern), /%/g)
  const from = (path: string): string[] => [
    path,
    encode(path, /\./g),
    encode(path, /\//g),
    encode(path, /[./]/g),
    twice(path, /[./]/g),
    path.replaceAll('/', '\\'),
    path.replaceAll('/', '%5c'),
    encode(path, /[a-z]/g),
  ]
  const inside = file.startsWith(`${root}/`) ? file.slice(root.length) : undefined
  return [
    `/@fs${file}`,
    `/@fs/${file}`,
    `/@fs//${file}`,
    `/@FS${file}`,
    `/@fs${encode(file, /[a-z./]/g)}`,
    `/@fs${twice(file, /[a-z./]/g)}`,
    `/@fs${root}/${up}`,
    `/@fs${root}/${encode(up, /\./g)}`,
    `/@fs${root}/${twice(up, /\./g)}`,
    `/@fs${root}/%2e%2e%2f${file.split('/').slice(-2).join('%2f')}`,
    `/@fs${root}\\..\\${file.split('/').slice(-2).join('\\')}`,
    `/@fs/file://${file}`,
    `/@fs${file.toUpperCase()}`,
    `/@fs${file}/`,
    `/@fs${file}/.`,
    `/@fs${file}%00`,
    `/@fs${file}%00.jpg`,
    `/@fs${file}%20`,
    `/@fs${file}%23.jpg`,
    `/@fs${file}%3f.jpg`,
    `/@fs${file};.jpg`,
    `/@id/${file}`,
    `/@id/__x00__${file}`,
    `/@id/file://${file}`,
    `/@id/@fs${file}`,
    file,
    `/${file}`,
    `//${file}`,
    `/./${file}`,
    `file://${file}`,
    ...from(`/${up}`),
    ...from(`/src/../${up}`),
    ...from(`/photo.jpg/../${up}`),
    `/folder/${file.split('/').at(-1)}`,
    `/link.jpg`,
    `/%6cink.jpg`,
    `/%256cink.jpg`,
    `/src/..%2flink.jpg`,
    `/@imagemill/${file}`,
    `/@imagemill/../${up}`,
    `/@imagemill/%2e%2e/${encode(up, /\./g)}`,
    `/__imagemill/api/${file}`,
    `/__imagemill/api/../${up}`,
    `/__imagemill/api/..%2f${encode(up, /[./]/g)}`,
    ...(inside === undefined
      ? []
      : [
          inside,
          `/.${inside}`,
          `//${inside.slice(1)}`,
          `/src/..${inside}`,
          inside.toUpperCase(),
          encode(inside, /[a-z.]/g),
          twice(inside, /[a-z.]/g),
          `${inside}/`,
          `${inside}%00`,
          `${inside}%2f`,
          `/x/..${inside.replaceAll('/', '\\')}`,
        ]),
  ]
}

/** Queries that ask for a module, for text, for bytes, or for several at once in ways that were read twice and differently. */
export const QUERIES: readonly string[] = [
  '',
  'import',
  'url',
  'import&url',
  'raw',
  'raw??',
  'import&raw??',
  'import&raw??&w=9',
  'inline',
  'import&inline',
  'inline&import',
  'url&inline&import',
  'w=9',
  'import&w=9&format=webp',
  'w=9&import',
  'import&w=9&raw',
  'import&w=9&url',
  'import&w=9&inline',
  'import&w=9&format=png&inline&url',
  'import&as=metadata',
  'import&as=result&w=9',
  'import&placeholder=lqip',
  'import&exif',
  'import&metadata=keep&format=jpeg',
  '?import&w=9',
  'import&w=9?raw',
  'import?w=9&.svg?',
  '.svg?import&w=9',
  '.jpg?import&w=9',
  'import&w=9&.svg',
  'w=9#.jpg',
  '%23&import&w=9',
  'import&w=%39%00',
  'import&t=1&w=9&v=x',
  'html-proxy&w=9',
  'import&commonjs-proxy&w=9',
  'worker&w=9',
  'worker_file&type=module&w=9',
  'import&imagemill',
  'import&inline=true&as=url&w=9&format=png',
]
