import { readFileSync } from 'node:fs'
import { butteraugli, requireButteraugli } from './butteraugli.js'
import { openEngine } from './engine.js'
import { pictures, sharp } from './material.js'

/** sharp's own encoders at fixed qualities round its defaults, which come first. */
const FIXED = { avif: [50, 38, 44, 56, 64], webp: [80, 62, 72, 86, 91], jpeg: [80, 62, 72, 86, 91] }
export const LEVELS = ['auto:low', 'auto', 'auto:high']
/** Above this distance a difference begins to be seen; what is worse than a default there, by more than the metric's own doubt, is visibly worse. */
const SEEN = 1.2
const DOUBT = 0.5

/** Every picture by fixed qualities and by the three levels, with its bytes and its distance from the source. */
export async function auto(work, options = {}) {
  requireButteraugli()
  const material = await pictures(work, options)
  const engine = openEngine(work)
  const made = []
  try {
    for (const [index, picture] of material.entries()) {
      for (const [format, qualities] of Object.entries(FIXED)) {
        const add = async (setting, bytes, also) =>
          made.push({
            ...picture,
            file: undefined,
            format,
            setting,
            bytes: bytes.length,
            distance: await butteraugli(picture, bytes, work),
            ...also,
          })
        for (const quality of qualities) await add(quality, await sharp(readFileSync(picture.file))[format]({ quality }).toBuffer())
        for (const level of LEVELS) {
          const { bytes, search } = await engine.make(picture.file, `format=${format}&quality=${level}`)
          await add(level, bytes, { quality: search.quality, iterations: search.iterations, score: search.score })
        }
      }
      process.stderr.write(`auto: ${index + 1}/${material.length}\r`)
    }
  } finally {
    await engine.close()
  }
  const formats = Object.keys(FIXED)
  return {
    made,
    rows: formats.flatMap((format) => LEVELS.map((level) => rowOf(made, format, level))),
    curves: formats.map((format) => curveOf(made, format)),
  }
}

/** Mean distance and mean of the logarithms of bytes, over the pictures of one format and setting. */
function meanOf(made, format, setting) {
  const of = made.filter((item) => item.format === format && item.setting === setting)
  const mean = (value) => of.reduce((sum, item) => sum + value(item), 0) / of.length
  return { of, distance: mean((item) => item.distance), log: mean((item) => Math.log(item.bytes)) }
}

/** sharp's fixed qualities from the worst to the best, and our levels beside them. */
function curveOf(made, format) {
  const [usual, ...others] = FIXED[format]
  const fixed = [usual, ...others].map((setting) => ({ setting, ...meanOf(made, format, setting) })).sort((a, b) => b.distance - a.distance)
  return {
    format,
    fixed,
    base: meanOf(made, format, usual).log,
    levels: LEVELS.map((setting) => ({ setting, ...meanOf(made, format, setting) })),
  }
}

function rowOf(made, format, level) {
  const { fixed, base } = curveOf(made, format)
  const usual = meanOf(made, format, FIXED[format][0])
  const { of, distance, log } = meanOf(made, format, level)
  const worse = of.map((item) => ({ ...item, before: usual.of.find(({ name }) => name === item.name).distance }))
  const visible = worse.filter((item) => item.distance > SEEN && item.distance > item.before + DOUBT)
  return {
    format,
    level,
    bytes: Math.exp(log - base),
    distance,
    usual: usual.distance,
    equal: Math.exp(log - logAt(fixed, distance)),
    beyond: distance < fixed.at(-1).distance,
    qualities: of.map((item) => item.quality).sort((a, b) => a - b),
    encodes: of.reduce((sum, item) => sum + item.iterations, 0) / of.length,
    visible: visible.map(({ name, before, distance: now }) => `${name} ${before.toFixed(2)} → ${now.toFixed(2)}`),
  }
}

/** log(bytes) that fixed qualities need for a mean distance. */
function logAt(fixed, distance) {
  const right = Math.min(fixed.length - 1, Math.max(1, fixed.findIndex((point) => point.distance <= distance) >>> 0))
  const [a, b] = [fixed[right - 1], fixed[right]]
  return a.log + ((b.log - a.log) * (distance - a.distance)) / (b.distance - a.distance)
}

export function autoText({ rows }) {
  const lines = rows.map((row) =>
    [
      `\`${row.level}\` ${row.format}`,
      row.bytes.toFixed(2),
      `${row.distance.toFixed(2)} (${row.usual.toFixed(2)})`,
      `**${row.equal.toFixed(2)}**${row.beyond ? '*' : ''}`,
      `${row.qualities[0]}–${row.qualities.at(-1)}`,
      row.encodes.toFixed(1),
      row.visible.length === 0 ? 'none' : row.visible.join(', '),
    ].join(' | '),
  )
  return [
    '| | bytes against the default | butteraugli (of the default) | bytes at equal butteraugli | qualities | encodes | visibly worse than the default |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...lines.map((line) => `| ${line} |`),
    '',
    '\\* Nearer to the source than the best fixed quality that was tried: its curve is drawn on.',
  ].join('\n')
}

/** What has to hold for `auto`: a tenth less at equal butteraugli on average, nothing visibly worse. */
export function autoMisses({ rows }) {
  const plain = rows.filter(({ level }) => level === 'auto')
  const mean = Math.exp(plain.reduce((sum, { equal }) => sum + Math.log(equal), 0) / plain.length)
  const worse = plain.filter(({ visible }) => visible.length > 0).map(({ format }) => `quality=auto, ${format}: visibly worse pictures`)
  return mean > 0.9 ? [`quality=auto: ${mean.toFixed(3)} of the bytes at equal butteraugli`, ...worse] : worse
}
