import { readFileSync } from 'node:fs'
import { setEncoder } from '../../dist/engine/encode.js'
import { ENCODER_DEFAULTS } from '../../dist/query/encoder-defaults.js'
import { butteraugli, requireButteraugli } from './butteraugli.js'
import { pictures, sharp } from './material.js'
import { openSsimulacra2 } from './ssimulacra2.js'

const FORMATS = ['avif', 'webp', 'jpeg', 'png']
/** What has to hold: at most so many of the bytes of sharp's own defaults, and for AVIF so much of the CPU, at no worse a look. */
const MOST = { avif: { bytes: 1.05, cpu: 0.25 }, webp: { bytes: 0.83 }, jpeg: { bytes: 0.87 } }

const webp = { effort: 6, smartSubsample: true }
/** What else the encoders offer, as options of sharp: the choice is seen beside what it was chosen from. */
const OTHERS = {
  avif: [
    { quality: 50, effort: 3 },
    { quality: 52, effort: 3 },
    { quality: 54, effort: 3, tune: 'ssim' },
    { quality: 56, effort: 3, tune: 'ssim' },
    { quality: 55, effort: 3, tune: 'psnr' },
    { quality: 52, effort: 3, chromaSubsampling: '4:2:0' },
  ],
  webp: [
    { quality: 78, ...webp },
    { quality: 80, effort: 6 },
    { quality: 77, ...webp, preset: 'photo' },
    { quality: 76, ...webp, smartDeblock: true },
  ],
  jpeg: [
    { quality: 80, mozjpeg: true },
    { quality: 75, mozjpeg: true, chromaSubsampling: '4:4:4' },
  ],
  png: [],
}

/** Our defaults beside sharp's own, on photographs of page sizes. */
export async function defaults(work, options = {}) {
  requireButteraugli()
  const ssimulacra2 = openSsimulacra2()
  const material = await pictures(work, { widths: [960], drawn: 0, ...options })
  const made = []
  for (const [index, picture] of material.entries()) {
    const { data, info } = await sharp(readFileSync(picture.file)).raw().toBuffer({ resolveWithObject: true })
    for (const [format, side, pipeline] of sidesOf(() => sharp(data, { raw: info }))) {
      const before = process.cpuUsage()
      const bytes = await pipeline().toBuffer()
      const { user, system } = process.cpuUsage(before)
      const item = { name: picture.name, format, side, bytes: bytes.length, cpu: user + system }
      made.push(format === 'png' ? item : { ...item, ...(await look(picture, data, bytes)) })
    }
    process.stderr.write(`defaults: ${index + 1}/${material.length}\r`)
  }
  await ssimulacra2.close()
  return { made, rows: FORMATS.flatMap((format) => rowsOf(format, made)) }

  async function look(picture, source, bytes) {
    const { data, info } = await sharp(bytes).removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true })
    return { distance: await butteraugli(picture, bytes, work), score: await ssimulacra2.score(source, data, info) }
  }
}

/** `[format, side, pipeline]` for everything that is compared. */
function sidesOf(raw) {
  return FORMATS.flatMap((format) => [
    [format, 'sharp', () => raw()[format]()],
    [format, 'ours', () => setEncoder(raw(), { format, ...ENCODER_DEFAULTS[format] })],
    ...OTHERS[format].map((options) => [format, textOf(options), () => raw()[format](options)]),
  ])
}

const textOf = (options) =>
  Object.entries(options)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ')

function rowsOf(format, made) {
  const all = made.filter((item) => item.format === format)
  const theirs = all.filter(({ side }) => side === 'sharp')
  const sum = (items, key) => items.reduce((total, item) => total + item[key], 0)
  return [...new Set(all.map(({ side }) => side))].map((side) => {
    const own = all.filter((item) => item.side === side)
    const ratios = own.map((item, index) => Math.log(item.bytes / theirs[index].bytes))
    return {
      format,
      side,
      settings: side === 'ours' ? textOf(ENCODER_DEFAULTS[format]) : side === 'sharp' ? '' : side,
      bytes: Math.exp(ratios.reduce((total, value) => total + value, 0) / ratios.length),
      cpu: sum(own, 'cpu') / sum(theirs, 'cpu'),
      distance: sum(own, 'distance') / own.length,
      score: sum(own, 'score') / own.length,
    }
  })
}

const WHO = { sharp: "sharp's default", ours: '**ours**' }

export function defaultsText({ rows }) {
  const look = (value, digits) => (Number.isNaN(value) ? 'lossless' : value.toFixed(digits))
  return [
    '| format | settings | bytes | CPU | butteraugli (less is better) | SSIMULACRA 2 (more is better) |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows.map(({ format, side, settings, bytes, distance, score, cpu }) => {
      const who = [WHO[side], settings].filter(Boolean).join(': ')
      return `| ${format} | ${who} | ${bytes.toFixed(2)} | ${cpu.toFixed(2)} | ${look(distance, 2)} | ${look(score, 1)} |`
    }),
  ].join('\n')
}

export function defaultsMisses({ rows }) {
  return Object.entries(MOST).flatMap(([format, most]) => {
    const [usual, ours] = ['sharp', 'ours'].map((side) => rows.find((row) => row.format === format && row.side === side))
    const reached = [
      ours.bytes <= most.bytes,
      ours.cpu <= (most.cpu ?? Infinity),
      ours.distance <= usual.distance,
      ours.score >= usual.score,
    ].every(Boolean)
    if (reached) return []
    const look = `butteraugli ${ours.distance.toFixed(3)} for ${usual.distance.toFixed(3)}, SSIMULACRA 2 ${ours.score.toFixed(2)} for ${usual.score.toFixed(2)}`
    return [`defaults, ${format}: ${ours.bytes.toFixed(3)} of the bytes, ${ours.cpu.toFixed(2)} of the CPU, ${look}`]
  })
}
