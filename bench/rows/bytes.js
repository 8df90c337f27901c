import { readFileSync, rmSync } from 'node:fs'
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { measure } from '../measure.js'
import { butteraugli, requireButteraugli } from '../quality/butteraugli.js'
import { pictures } from '../quality/material.js'

/** @sveltejs/enhanced-img encodes by vite-imagetools: the same bytes. */
const SIDES = ['imagemill', 'vite-imagetools', '@11ty/eleventy-img', 'ipx']
const QUALITIES = { avif: ['default', 40, 50, 60, 70], webp: ['default', 60, 70, 80, 90], jpeg: ['default', 60, 70, 80, 90] }

/** Bytes of each tool for a picture that looks as much like its source as what imagemill makes without being told a quality. */
export async function bytes(bench) {
  requireButteraugli()
  const material = await pictures(bench.work, { photos: bench.quick ? 2 : 10, drawn: 0, widths: [640, 960] })
  const runs = {}
  const made = []
  for (const side of SIDES) {
    const root = join(bench.work, 'encode', side.replace('/', '-'))
    rmSync(root, { recursive: true, force: true })
    const out = join(root, 'out')
    const task = { side, root: join(root, 'project'), pictures: material.map(({ file }) => file), qualities: QUALITIES, out }
    runs[side] = [await measure(bench.node, 'encode', task, bench.work)]
    process.stderr.write(`bytes: ${side} has encoded, CPU ${(runs[side][0].cpu_ms / 1000).toFixed(1)} s\n`)
    for (const picture of material)
      for (const [format, list] of Object.entries(QUALITIES))
        for (const quality of list)
          made.push({ side, picture: picture.name, format, quality, file: join(out, `${picture.name}-${quality}.${format}`) })
  }
  await look(made, material, bench.work)
  return { runs, rows: [], facts: { pictures: material.length, made: made.map(withoutFile), equal: equalLook(made) } }
}

/** Adds bytes and distance; what is the same to the byte is looked at once. */
async function look(made, material, work) {
  const known = new Map()
  for (const [index, item] of made.entries()) {
    const data = readFileSync(item.file)
    const id = `${item.picture} ${createHash('sha256').update(data).digest('hex')}`
    if (!known.has(id))
      known.set(
        id,
        await butteraugli(
          material.find(({ name }) => name === item.picture),
          data,
          work,
        ),
      )
    Object.assign(item, { bytes: data.length, distance: known.get(id) })
    if (index % 20 === 19) process.stderr.write(`bytes: looked at ${index + 1} of ${made.length}\n`)
  }
}

/** For each tool and format: its bytes at the distance of our default, against ours; the geometric mean over the pictures. */
function equalLook(made) {
  return SIDES.slice(1).flatMap((side) =>
    Object.keys(QUALITIES).map((format) => {
      const ours = made.filter((item) => item.side === 'imagemill' && item.format === format && item.quality === 'default')
      const ratios = ours.map(({ picture, bytes: own, distance }) => {
        const curve = made.filter((item) => item.side === side && item.format === format && item.picture === picture)
        return logBytesAt(curve, distance) - Math.log(own)
      })
      return { side, format, bytes: Math.exp(ratios.reduce((sum, value) => sum + value, 0) / ratios.length) }
    }),
  )
}

/** Between two qualities a curve is taken as straight; before the first and after the last one it is drawn on. */
function logBytesAt(curve, distance) {
  const points = curve
    .filter(({ quality }) => quality !== 'default')
    .map(({ bytes: size, distance: at }) => ({ at, log: Math.log(size) }))
    .toSorted((a, b) => a.at - b.at)
  const after = Math.min(
    Math.max(
      points.findIndex(({ at }) => at >= distance),
      1,
    ),
    points.length - 1,
  )
  const [from, to] = points.at(-1).at < distance ? points.slice(-2) : [points[after - 1], points[after]]
  return from.log + ((to.log - from.log) * (distance - from.at)) / (to.at - from.at)
}

function withoutFile({ side, picture, format, quality, bytes: size, distance }) {
  return { side, picture, format, quality, bytes: size, distance }
}
