import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg, png } from '../support/images.ts'
import { project } from '../support/project.ts'
import { addressesIn, runFile } from '../support/run.ts'

const HASH = '-[\\w-]{8}'
const isImage = (name: string): boolean => /\.(jpe?g|webp|png)$/.test(name)

describe.each(VITE_NAMES)('file names in %s', (version) => {
  const build = (root: string, assetFileNames: string | ((asset: { name?: string | undefined; names: string[] }) => string) | undefined) =>
    buildVite(root, {
      version,
      config: {
        build: {
          assetsInlineLimit: 0,
          rollupOptions: {
            input: join(root, 'main.js'),
            output: { entryFileNames: 'entry.js', ...(assetFileNames !== undefined && { assetFileNames }) },
          },
        },
      },
    })

  const PATTERNS: Record<
    string,
    [pattern: string | ((asset: { name?: string | undefined; names: string[] }) => string), expected: RegExp]
  > = {
    '[hash]': ['assets/[name].[hash][extname]', /^assets\/photo-80\.[\w-]{8}\.(webp|jpeg)$/],
    '[hash:4]': ['static/[name]~[hash:4].[ext]', /^static\/photo-80~[\w-]{4}\.(webp|jpeg)$/],
    'only a hash': ['[hash:12][extname]', /^[\w-]{12}\.(webp|jpeg)$/],
    'no hash': ['img/[name][extname]', /^img\/photo-80-[\w-]{8}\.(webp|jpeg)$/],
    'neither name nor hash': ['[ext]/image[extname]', /^(webp|jpeg)\/image-[\w-]{8}\.(webp|jpeg)$/],
    'a folder by extension': ['[ext]/[name]-[hash].[ext]', /^(webp\/.*\.webp|jpeg\/.*\.jpeg)$/],
    'a function': [
      ({ names }) => (/\.(jpe?g|webp)$/.test(names[0] ?? '') ? 'pictures/[name]-[hash][extname]' : 'other/[name][extname]'),
      /^pictures\/photo-80-[\w-]{8}\.(webp|jpeg)$/,
    ],
    'a function that looks at `name`': [
      ({ name }) => `${name?.split('.').pop()}/[name]-[hash][extname]`,
      /^(webp|jpeg)\/photo-80-[\w-]{8}\.(webp|jpeg)$/,
    ],
    'a function with whole names': [({ names }) => `whole/${names[0]}`, /^whole\/photo-80-[\w-]{8}\.(webp|jpeg)$/],
    'a function with one name for all': [() => 'one/image.bin', /^one\/image-[\w-]{8}\.bin$/],
  }

  test.each(Object.keys(PATTERNS))('%s', async (name) => {
    const { root } = project({
      'main.js':
        "import a from './photo.jpg?w=80&format=webp;jpeg'\nimport b from './photo.jpg?w=80&format=webp&quality=30'\nimport c from './photo.jpg?w=80&format=jpeg&blur=3'\nglobalThis.answer = [a, b, c].flatMap(({ outputs }) => outputs.map(({ path }) => path))",
      'photo.jpg': await jpeg(200, 100),
    })
    const [pattern, expected] = PATTERNS[name] ?? ['', /./]
    const files = await build(root, pattern)
    const answer = runFile(join(root, 'dist/entry.js'))
    const names = Array.isArray(answer) ? answer.map((address) => String(address).replace(/^\//, '')) : []
    expect(new Set(names).size).toBe(4)
    const formats = await Promise.all(names.map(async (file) => (await sharp(files.get(file)).metadata()).format))
    expect(formats).toEqual(['webp', 'jpeg', 'webp', 'jpeg'])
    for (const file of names) expect(file).toMatch(expected)
    expect([...files.keys()].filter((file) => !/\.js$|imagemill\.json$/.test(file)).sort()).toEqual(names.sort())
  })

  test('no two images have one name, and equal files have names of their own', async () => {
    const [one, two] = [await jpeg(200, 100), await jpeg(200, 100, 2)]
    const { root } = project({
      'main.js':
        ['a/photo', 'b/photo', 'a/copy', 'c/photo'].map((file, index) => `import i${index} from './${file}.jpg?w=80&as=url'`).join('\n') +
        '\nglobalThis.answer = [i0, i1, i2, i3]',
      'a/photo.jpg': one,
      'b/photo.jpg': two,
      'a/copy.jpg': one,
      'c/photo.jpg': one,
    })
    const files = await build(root, undefined)
    const answer = runFile(join(root, 'dist/entry.js'))
    const [first, second, copy, same] = Array.isArray(answer) ? answer.map((address) => String(address).slice(1)) : []
    expect(first).toMatch(new RegExp(`^assets/photo-80${HASH}.jpeg$`))
    expect(second).toMatch(new RegExp(`^assets/photo-80${HASH}.jpeg$`))
    expect(copy).toMatch(new RegExp(`^assets/copy-80${HASH}.jpeg$`))
    expect(second).not.toBe(first)
    expect(same).toBe(first)
    expect(files.get(first ?? '')?.equals(files.get(second ?? '') ?? Buffer.alloc(0))).toBe(false)
    expect(files.get(first ?? '')?.equals(files.get(copy ?? '') ?? Buffer.alloc(0))).toBe(true)
    expect([...files.keys()].filter(isImage)).toHaveLength(3)
  })

  /** Each as the file is called, and as the import names it. */
  const ODD: [file: string, written: string][] = [
    ['hash # tag.jpg', './hash # tag.jpg'],
    ['space in name.jpg', './space in name.jpg'],
    ['100% sure.jpg', './100% sure.jpg'],
    ['a%20b#c.jpg', './a%20b#c.jpg'],
    ['salt & pepper+more.jpg', './salt & pepper+more.jpg'],
    ["it's (1), really.jpg", "./it's (1), really.jpg"],
    ['say "hi".jpg', './say "hi".jpg'],
    ['Größe 東京 🦊.jpg', './Größe 東京 🦊.jpg'],
    ['LOUD.JPG', './LOUD.JPG'],
    ['encoded space.jpg', './encoded%20space.jpg'],
    ['ümlaut.jpg', './%C3%BCmlaut.jpg'],
    ['semi;colon=x,y.jpg', './semi;colon=x,y.jpg'],
    ['two.dots.jpeg', './two.dots.jpeg'],
    ['back`tick$.jpg', './back`tick$.jpg'],
    ['[brackets].jpg', './[brackets].jpg'],
    ['folder # 1/100%/x.jpg', './folder # 1/100%/x.jpg'],
    ['under_score-80w.jpg', './under_score-80w.jpg'],
  ]

  test.each(['/', './', '/sub dir/'])('odd names, base %s', async (base) => {
    const images = await Promise.all(ODD.map(async ([file], index): Promise<[string, Buffer]> => [file, await jpeg(60 + index, 50, index)]))
    const { root } = project({
      ...Object.fromEntries(images),
      'main.js': `${ODD.map(([, written], index) => `import i${index} from ${JSON.stringify(`${written}?w=40;50`)}`).join('\n')}\nglobalThis.answer = [${ODD.map((_, index) => `i${index}`).join(', ')}]`,
    })
    const files = await buildVite(root, {
      version,
      config: { base, build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'entry.js' } } } },
    })
    const answer = runFile(join(root, 'dist/entry.js'))
    const addresses = addressesIn(answer)
    expect(addresses).toHaveLength(ODD.length * 2)
    // What a srcset cannot hold: white space, and commas at an end.
    for (const address of addresses) expect(address).not.toMatch(/[\s,"'()#&+]/)
    const prefix = base === './' ? pathToFileURL(join(root, 'dist/')).href : encodeURI(base)
    const names = addresses.map((address) => decodeURI(address.slice(prefix.length)))
    expect([...files.keys()].filter((file) => /\.jpe?g$/.test(file)).sort()).toEqual(names.sort())
  })

  test.each(['w=80%3B120&format=webp%3Bjpeg', 'format=webp;jpeg&w=120;80', 'w=120&w=80&format=webp;jpg', '%77=80;120&format=webp;jpeg&'])(
    'a query written as %s names the same files',
    async (query) => {
      const { root } = project({
        'main.js': `import a from './photo.jpg?w=80;120&format=webp;jpeg'\nimport b from './photo.jpg?${query}'\nglobalThis.answer = [a, b]`,
        'photo.jpg': await png(200, 100),
      })
      const files = await build(root, undefined)
      const answer = runFile(join(root, 'dist/entry.js'))
      const [a, b] = Array.isArray(answer) ? answer : []
      expect(b).toEqual(a)
      expect([...files.keys()].filter(isImage)).toHaveLength(4)
    },
  )
})
