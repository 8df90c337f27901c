import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { interleave } from '../interleave.js'
import { originals } from '../photos.js'
import { random } from '../random.js'
import { TOOLS } from '../tools.js'

const COUNTS = [10, 50, 200, 700, 2000]
const QUICK = [10, 50]
const WANTED = { widths: [160, 320], formats: ['webp'] }
const SIZE = { width: 480, height: 320 }

/** How cost grows with the number of images: small ones, so that what is not encoding is seen. */
export async function growth(bench) {
  const counts = bench.quick ? QUICK : COUNTS
  const all = await smallImages(bench.work, Math.max(...counts))
  const runs = {}
  const points = []
  for (const images of counts) {
    const sides = {}
    for (const [name, tool] of Object.entries(TOOLS)) {
      const { cold, warm } = tool(bench, 'growth', all.slice(0, images), WANTED)
      sides[name] = { run: cold }
      if (name !== 'ipx') sides[`${name}, again`] = { run: warm }
    }
    for (const [name, list] of Object.entries(await interleave(`${images} images`, 1, sides))) {
      const [{ cpu_ms, wall_ms, peak_pss, bytes }] = list
      runs[`${images}, ${name}`] = list
      points.push({ name, images, cpu_ms, wall_ms, peak_bytes: peak_pss, bytes })
    }
  }
  return { runs, rows: [], facts: { points } }
}

/** Other cuts of the photographs, each of them once. */
async function smallImages(work, count) {
  const folder = join(work, 'small')
  mkdirSync(folder, { recursive: true })
  const sharp = createRequire(new URL('../../package.json', import.meta.url))('sharp')
  const sources = originals()
  const files = Array.from({ length: count }, (_, index) => join(folder, `image-${String(index).padStart(4, '0')}.jpg`))
  for (const [index, file] of files.entries()) {
    if (existsSync(file)) continue
    const next = random(index + 1)
    const source = sources[index % sources.length]
    const { width, height } = await sharp(source).metadata()
    const part = (0.5 + next() / 2) * Math.min(1, width / 720, height / 480)
    const cut = { width: Math.floor(720 * part), height: Math.floor(480 * part) }
    const [left, top] = [Math.floor(next() * (width - cut.width)), Math.floor(next() * (height - cut.height))]
    const bytes = await sharp(source)
      .extract({ left, top, ...cut })
      .resize(SIZE)
      .jpeg({ quality: 85 })
      .toBuffer()
    writeFileSync(`${file}.part`, bytes)
    renameSync(`${file}.part`, file)
  }
  return files
}
