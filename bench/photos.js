import { existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { grainTile, random } from './random.js'

const fromRoot = createRequire(new URL('../package.json', import.meta.url))
const THEMES = ['clean-blog', 'landing-page', 'stylish-portfolio']
/** Sizes of cameras and telephones, in megapixels, in turn. */
const MEGAPIXELS = [12, 2, 8, 3, 16, 5, 12, 24, 4, 10, 6, 12, 20]
const ASPECTS = [3 / 2, 4 / 3, 3 / 2, 2 / 3, 16 / 9, 3 / 4]
/** More than the camera adds on a sunny day, less than at night. */
const GRAIN = 6

/**
 * The first `count` photographs of the bench, made once: every one is another cut of a photograph that ships with the development
 * dependencies, mirrored, turned a little, brought to the size of a camera and given grain, so that no two are alike.
 * @returns {Promise<string[]>} paths
 */
export async function photographs(work, count) {
  const folder = join(work, 'photos')
  mkdirSync(folder, { recursive: true })
  const files = Array.from({ length: count }, (_, index) => join(folder, `photo-${String(index).padStart(3, '0')}.jpg`))
  const missing = files.flatMap((file, index) => (existsSync(file) ? [] : [{ file, index }]))
  if (missing.length > 0) process.stderr.write(`making ${missing.length} photographs\n`)
  const grain = grainTile(GRAIN)
  const sources = originals()
  await Promise.all(
    [0, 1].map(async () => {
      for (let next = missing.shift(); next; next = missing.shift()) await make(next.file, variant(next.index, sources), grain)
    }),
  )
  return files
}

/** One photograph of just about 12 megapixels for each of `count`, as the rows on the dev server ask for. */
export async function twelveMegapixels(work, count) {
  const indices = Array.from({ length: 13 * count }, (_, index) => index)
    .filter((index) => MEGAPIXELS[index % MEGAPIXELS.length] === 12)
    .slice(0, count)
  const all = await photographs(work, Math.max(...indices) + 1)
  return indices.map((index) => all[index])
}

/** Photographs of one's own, used besides the made ones; their numbers are not published. */
export function ownPhotographs() {
  const root = process.env.IMAGEMILL_TEST_IMAGES
  if (!root) return []
  const items = readdirSync(join(root, 'photos'), { recursive: true, withFileTypes: true })
  return items
    .filter((item) => item.isFile() && /\.jpe?g$/i.test(item.name))
    .map((item) => join(item.parentPath, item.name))
    .sort()
}

/** Photographs large enough to be cut from; the portraits and thumbnails of the themes are not. */
export function originals() {
  return THEMES.flatMap((theme) => {
    const folder = join(
      fileURLToPath(new URL('.', `file://${fromRoot.resolve(`startbootstrap-${theme}/package.json`)}`)),
      'dist/assets/img',
    )
    return readdirSync(folder)
      .filter((name) => /(-bg|bg-.*|portfolio-\d)\.jpg$/.test(name))
      .map((name) => join(folder, name))
  }).sort((a, b) => (basename(a) < basename(b) ? -1 : 1))
}

function variant(index, sources) {
  const next = random(index + 1)
  const pixels = MEGAPIXELS[index % MEGAPIXELS.length] * 1e6
  const aspect = ASPECTS[index % ASPECTS.length]
  return {
    source: sources[index % sources.length],
    width: Math.round(Math.sqrt(pixels * aspect)),
    height: Math.round(Math.sqrt(pixels / aspect)),
    mirror: next() < 0.5,
    angle: (next() - 0.5) * 6,
    part: 0.7 + next() * 0.3,
    x: next(),
    y: next(),
    grainAt: Math.floor(next() * 2 ** 20),
  }
}

async function make(file, { source, width, height, mirror, angle, part, x, y, grainAt }, grain) {
  const sharp = fromRoot('sharp')
  const turned = await sharp(source).flop(mirror).rotate(angle).raw().toBuffer({ resolveWithObject: true })
  const { width: sourceWidth, height: sourceHeight } = await sharp(source).metadata()
  const cut = cutWithin({ width: sourceWidth, height: sourceHeight }, angle, width / height, part)
  const left = Math.round((turned.info.width - cut.inner.width) / 2 + x * (cut.inner.width - cut.width))
  const top = Math.round((turned.info.height - cut.inner.height) / 2 + y * (cut.inner.height - cut.height))
  const { data, info } = await sharp(turned.data, { raw: turned.info })
    .extract({ left, top, width: cut.width, height: cut.height })
    .resize(width, height, { fit: 'fill', kernel: 'lanczos3' })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const grained = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length)
  for (let at = 0; at < grained.length; at++) grained[at] += grain[(at + grainAt) & (grain.length - 1)]
  const bytes = await sharp(data, { raw: info }).jpeg({ quality: 90 }).toBuffer()
  // Renamed into place, so that an interrupted run leaves no half photograph.
  writeFileSync(`${file}.part`, bytes)
  renameSync(`${file}.part`, file)
}

/** The largest upright rectangle in a turned one has no empty corners; of it a part of the wanted aspect is taken. */
function cutWithin({ width, height }, angle, aspect, part) {
  const turn = Math.abs((angle * Math.PI) / 180)
  const shrink = 1 / (Math.cos(turn) + Math.max(width / height, height / width) * Math.sin(turn))
  const inner = { width: Math.floor(width * shrink), height: Math.floor(height * shrink) }
  const wide = Math.min(inner.width, inner.height * aspect) * part
  return { inner, width: Math.floor(wide), height: Math.floor(wide / aspect) }
}
