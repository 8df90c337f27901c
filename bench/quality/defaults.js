import { readFileSync } from 'node:fs'
import { setEncoder } from '../../dist/engine/encode.js'
import { ENCODER_DEFAULTS } from '../../dist/query/encoder-defaults.js'
import { butteraugli, requireButteraugli } from './butteraugli.js'
import { pictures, sharp } from './material.js'

const FORMATS = ['avif', 'webp', 'jpeg', 'png']
/** What has to hold: at most so many of the bytes of sharp's own defaults, and for AVIF so much of the CPU, at no worse a look. */
const MOST = { avif: { bytes: 1.05, cpu: 0.25 }, webp: { bytes: 0.83 }, jpeg: { bytes: 0.87 } }

/** Our defaults beside sharp's own, on photographs of page sizes. */
export async function defaults(work, options = {}) {
  requireButteraugli()
  const material = await pictures(work, { widths: [960], drawn: 0, ...options })
  const made = []
  for (const [index, picture] of material.entries()) {
    const { data, info } = await sharp(readFileSync(picture.file)).raw().toBuffer({ resolveWithObject: true })
    const raw = () => sharp(data, { raw: info })
    for (const format of FORMATS) {
      const sides = { sharp: () => raw()[format](), ours: () => setEncoder(raw(), { format, ...ENCODER_DEFAULTS[format] }) }
      for (const [side, pipeline] of Object.entries(sides)) {
        const before = process.cpuUsage()
        const bytes = await pipeline().toBuffer()
        const { user, system } = process.cpuUsage(before)
        const distance = format === 'png' ? 0 : await butteraugli(picture, bytes, work)
        made.push({ name: picture.name, format, side, bytes: bytes.length, cpu_ms: (user + system) / 1000, distance })
      }
    }
    process.stderr.write(`defaults: ${index + 1}/${material.length}\r`)
  }
  return { made, rows: FORMATS.map((format) => rowOf(format, made)) }
}

function rowOf(format, made) {
  const [theirs, ours] = ['sharp', 'ours'].map((side) => made.filter((item) => item.format === format && item.side === side))
  const sum = (items, key) => items.reduce((total, item) => total + item[key], 0)
  const ratios = ours.map((item, index) => Math.log(item.bytes / theirs[index].bytes))
  const settings = Object.entries(ENCODER_DEFAULTS[format]).map(([key, value]) => `${key} ${value}`)
  return {
    format,
    settings: settings.join(', '),
    bytes: Math.exp(ratios.reduce((total, value) => total + value, 0) / ratios.length),
    cpu: sum(ours, 'cpu_ms') / sum(theirs, 'cpu_ms'),
    distance: sum(ours, 'distance') / ours.length,
    usual: sum(theirs, 'distance') / ours.length,
  }
}

export function defaultsText({ rows }) {
  return [
    "| format | settings | bytes against sharp's default | butteraugli (of sharp's) | CPU against sharp's |",
    '| --- | --- | --- | --- | --- |',
    ...rows.map(
      ({ format, settings, bytes, distance, usual, cpu }) =>
        `| ${format} | ${settings} | **${bytes.toFixed(2)}** | ${format === 'png' ? 'lossless' : `${distance.toFixed(2)} (${usual.toFixed(2)})`} | ${cpu.toFixed(2)} |`,
    ),
  ].join('\n')
}

export function defaultsMisses({ rows }) {
  return rows.flatMap(({ format, bytes, cpu, distance, usual }) => {
    const most = MOST[format]
    if (!most) return []
    const reached = bytes <= most.bytes && cpu <= (most.cpu ?? Infinity) && distance <= usual
    return reached
      ? []
      : [
          `defaults, ${format}: ${bytes.toFixed(3)} of the bytes, ${cpu.toFixed(2)} of the CPU, butteraugli ${distance.toFixed(3)} for ${usual.toFixed(3)}`,
        ]
  })
}
