import { existsSync, mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { originals } from '../photos.js'
import { random } from '../random.js'

const fromRoot = createRequire(new URL('../../package.json', import.meta.url))
export const sharp = fromRoot('sharp')
// As in the workers: AVIF bytes change with the number of threads, and CPU is compared.
sharp.concurrency(1)
sharp.cache(false)

/** Widths that pages ask for; the pictures take them in turn. */
const WIDTHS = [480, 640, 960]

/**
 * Pictures without any loss of their own, made once: the photographs of the development dependencies at page sizes, and drawn ones.
 * @returns {Promise<{ name: string, kind: 'photo' | 'text' | 'flat' | 'line', file: string }[]>}
 */
export async function pictures(work, { photos = Infinity, drawn = 4, widths = WIDTHS } = {}) {
  const folder = join(work, 'pictures')
  mkdirSync(folder, { recursive: true })
  const made = originals()
    .slice(0, photos)
    .map((source, index) => ({
      name: `photo-${index}-${widths[index % widths.length]}`,
      kind: 'photo',
      make: () =>
        sharp(source)
          .resize(widths[index % widths.length])
          .removeAlpha(),
    }))
  for (const [kind, draw] of Object.entries({ text, flat, line }))
    for (let seed = 1; seed <= drawn; seed++)
      made.push({ name: `${kind}-${seed}`, kind, make: () => sharp(Buffer.from(draw(seed, 640, 420))).removeAlpha() })
  for (const picture of made) {
    picture.file = join(folder, `${picture.name}.png`)
    if (!existsSync(picture.file)) await picture.make().png().toFile(picture.file)
  }
  return made.map(({ name, kind, file }) => ({ name, kind, file }))
}

const WORDS = 'the quick brown fox jumps over a lazy dog while seven wizards quietly box magic judges near a sphinx of black quartz'.split(
  ' ',
)

/** A page of text or an editor, as on a screenshot. */
function text(seed, width, height) {
  const next = random(seed)
  const dark = seed % 2 === 0
  const size = 11 + (seed % 3) * 2
  const colours = dark ? ['#569cd6', '#ce9178', '#6a9955', '#d4d4d4'] : ['#222', '#222', '#222', '#0645ad', '#c00']
  const parts = [`<rect width="100%" height="32" fill="${dark ? '#333' : '#2d6cdf'}"/>`]
  for (let y = 56; y < height - 10; y += size * 1.5) {
    for (let x = 20; x < width - 80;) {
      const word = WORDS[Math.floor(next() * WORDS.length)]
      const colour = colours[Math.floor(next() * colours.length)]
      parts.push(
        `<text x="${x}" y="${y}" font-family="${dark ? 'monospace' : 'sans-serif'}" font-size="${size}" fill="${colour}">${word}</text>`,
      )
      x += (word.length + 0.6) * size * 0.62
      if (next() < 0.08) break
    }
  }
  return drawing(width, height, dark ? '#1e1e1e' : '#fff', parts)
}

/** Shapes in plain colours with a bold word, as in a chart or a banner. */
function flat(seed, width, height) {
  const next = random(seed + 100)
  const colour = () => `hsl(${Math.floor(next() * 360)},${40 + Math.floor(next() * 60)}%,${30 + Math.floor(next() * 50)}%)`
  const parts = Array.from({ length: 14 }, () => {
    const [x, y, size, fill] = [next() * width, next() * height, 20 + next() * 120, colour()]
    return next() < 0.5
      ? `<circle cx="${x}" cy="${y}" r="${size / 2}" fill="${fill}"/>`
      : `<rect x="${x}" y="${y}" width="${size}" height="${size * 0.7}" rx="8" fill="${fill}"/>`
  })
  const word = `<text x="60" y="${height / 2}" font-family="sans-serif" font-weight="bold" font-size="64" fill="#fff">Imagine</text>`
  return drawing(width, height, colour(), [...parts, word])
}

/** Thin lines on white, as in a plan or a plot. */
function line(seed, width, height) {
  const next = random(seed + 200)
  const point = () => `${(next() * width).toFixed(1)} ${(next() * height).toFixed(1)}`
  const stroke = `fill="none" stroke="${seed % 2 ? '#000' : '#234'}" stroke-width="${1 + (seed % 2)}"`
  const curves = Array.from({ length: 40 }, () => `<path d="M${point()}C${point()} ${point()} ${point()}" ${stroke}/>`)
  const grid = Array.from({ length: 20 }, (_, index) => `<path d="M0 ${(index * height) / 20}H${width}" stroke-width=".5" stroke="#99a"/>`)
  return drawing(width, height, '#fff', [...grid, ...curves])
}

function drawing(width, height, background, parts) {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><rect width="100%" height="100%" fill="${background}"/>${parts.join('')}</svg>`
}
