import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { createRequire } from 'node:module'
import { setEncoder } from '../../dist/engine/encode.js'
import { ENCODER_DEFAULTS } from '../../dist/query/encoder-defaults.js'

const sharp = createRequire(new URL('../../package.json', import.meta.url))('sharp')
sharp.concurrency(1)
sharp.cache(false)

process.on('message', async ({ file, out, widths, formats, settings }) => {
  const sizes = [...widths].sort((a, b) => b - a)
  const raster = await pixels(sharp(file).resize(sizes[0]))
  for (const width of sizes) {
    const picture = width === sizes[0] ? raster : await pixels(from(raster).resize(width))
    for (const format of formats) {
      const image = from(picture)
      const encoder = settings === 'ours' ? setEncoder(image, { format, ...ENCODER_DEFAULTS[format] }) : image.toFormat(format)
      const bytes = await encoder.toBuffer()
      await writeFile(join(out, `${basename(file, '.jpg')}-${width}.${format}`), bytes)
    }
  }
  process.send('done')
})
process.send('ready')

function pixels(image) {
  return image.toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true })
}

function from({ data, info: { width, height, channels } }) {
  return sharp(data, { raw: { width, height, channels } })
}
