import sharp from 'sharp'

/** A small project that uses what depends on versions: imports, lists, placeholders, `new URL`, and with Vite a page and a style sheet. */
export async function files() {
  return {
    'src/photo.jpg': await picture({ width: 300, height: 200 }).jpeg({ quality: 92 }).toBuffer(),
    'src/drawing.png': await picture({ width: 120, height: 120 }).png().toBuffer(),
    'src/main.js': `import photo from './photo.jpg?w=30;60&format=avif;webp;jpeg&placeholder=thumbhash'
import drawing from './drawing.png?w=40&as=url'
console.log(photo.sources, photo.srcset, photo.placeholder.hash, drawing, new URL('./photo.jpg?w=80&format=webp', import.meta.url).href)
`,
    'index.html':
      '<!doctype html><title>v</title><img src="./src/photo.jpg?w=50;100&format=webp" sizes="50px" alt=""><script type="module" src="/src/main.js"></script>\n',
    'build.js': BUILD,
  }
}

/** Pixels of a gradient: left is dark, right is red. */
function picture({ width, height }) {
  const data = Buffer.alloc(width * height * 3)
  for (let at = 0; at < width * height; at++) data[at * 3] = Math.round((255 * (at % width)) / (width - 1))
  return sharp(data, { raw: { width, height, channels: 3 } })
}

const BUILD = `import { imagemill } from 'imagemill'
const [bundler] = process.argv.slice(2)
const plugins = [imagemill({ types: false })]
if (bundler === 'vite') {
  const { build } = await import('vite')
  await build({ configFile: false, logLevel: 'warn', plugins, build: { assetsInlineLimit: 0 } })
} else {
  const open = (await import(bundler))[bundler]
  const bundle = await open({ input: 'src/main.js', plugins })
  await bundle.write({ dir: 'dist', format: 'es' })
  await bundle.close()
}
`

/** What has to be there, whatever built it: [format, width, height] of every image, and of a page those of its own. */
export function expected(bundler) {
  const both = ['avif', 'webp', 'jpeg'].flatMap((format) => [
    [format, 30, 20],
    [format, 60, 40],
  ])
  const page =
    bundler === 'vite'
      ? [
          ['webp', 50, 33],
          ['webp', 100, 67],
        ]
      : []
  return [...both, ['png', 40, 40], ['webp', 80, 53], ...page].map((image) => image.join(' ')).sort()
}

/** Size and format of an image, and whether its pixels are those of the gradient. */
export async function look(bytes) {
  const { data, info } = await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
  const { format } = await sharp(bytes).metadata()
  const middle = Math.floor(info.height / 2) * info.width
  const red = (x) => data[(middle + x) * info.channels]
  const [left, right] = [red(0), red(info.width - 1)]
  if (left > 40 || right < 215) throw new Error(`an image goes from ${left} to ${right}, not from dark to red`)
  return [format === 'heif' ? 'avif' : format, info.width, info.height].join(' ')
}
