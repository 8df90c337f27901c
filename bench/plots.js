/** Plots as SVG text: bars side by side, and lines over logarithmic axes. Colours tell the tools apart on a white and on a dark page. */
const COLOURS = {
  imagemill: '#d2401a',
  'vite-imagetools': '#3b6fb6',
  '@sveltejs/enhanced-img': '#7d5ba6',
  '@11ty/eleventy-img': '#4f8a4c',
  ipx: '#b8892b',
  floor: '#888',
}
const [WIDTH, ROW, NAMES, GAP] = [360, 18, 150, 30]

export function colourOf(name) {
  return COLOURS[name] ?? '#555'
}

/** @param {{ title: string, unit: string, bars: { name: string, value: number }[] }[]} panels side by side; the shorter, the better */
export function bars(title, panels, { log = false } = {}) {
  const height = 60 + ROW * Math.max(...panels.map((panel) => panel.bars.length))
  return svg(
    panels.length * (WIDTH + GAP),
    height,
    title,
    panels.map((panel, index) => barPanel(panel, index * (WIDTH + GAP), log)).join('\n'),
  )
}

function barPanel({ title, unit, bars: items }, left, log) {
  const values = items.map(({ value }) => value)
  const least = log ? Math.min(...values) / 2 : 0
  const scale = log ? (value) => Math.log(value / least) : (value) => value
  const length = (value) => Math.max(1, ((WIDTH - NAMES - 70) * scale(value)) / scale(Math.max(...values)))
  const rows = items.map(({ name, value }, index) => {
    const y = 44 + index * ROW
    return `<text x="${NAMES - 6}" y="${y + 11}" text-anchor="end">${name}</text><rect x="${NAMES}" y="${y}" width="${length(value).toFixed(1)}" height="${ROW - 5}" fill="${colourOf(name)}"/><text x="${(NAMES + length(value) + 5).toFixed(1)}" y="${y + 11}">${amount(value)} ${unit}</text>`
  })
  return `<g transform="translate(${left} 0)"><text x="${NAMES}" y="36" font-weight="bold">${title}</text>\n${rows.join('\n')}</g>`
}

/** @param {{ title: string, unit: string, lines: Record<string, { x: number, y: number }[]> }[]} panels */
export function lines(title, across, panels) {
  return svg(
    panels.length * (WIDTH + GAP),
    330,
    title,
    panels.map((panel, index) => linePanel(panel, across, index * (WIDTH + GAP))).join('\n'),
  )
}

function linePanel({ title, unit, lines: series }, across, left) {
  const points = Object.values(series).flat()
  const x = logScale(
    points.map((point) => point.x),
    60,
    WIDTH - 20,
  )
  const y = logScale(
    points.map((point) => point.y),
    270,
    60,
  )
  const ends = Object.entries(series).map(([name, list]) => ({ name, list, end: y(list.at(-1).y) }))
  const ticks = [...new Set(points.map((point) => point.x))].map(
    (value) => `<text x="${x(value).toFixed(1)}" y="286" text-anchor="middle">${value}</text>`,
  )
  const heights = powers(points.map((point) => point.y)).map(
    (value) =>
      `<path d="M60 ${y(value).toFixed(1)}H${WIDTH - 20}" stroke="#ddd"/><text x="54" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${amount(value)}</text>`,
  )
  const drawn = ends.map(
    ({ name, list }) =>
      `<path d="M${list.map((point) => `${x(point.x).toFixed(1)} ${y(point.y).toFixed(1)}`).join('L')}" fill="none" stroke="${colourOf(name)}" stroke-width="2"/>`,
  )
  const key = ends.map(
    ({ name }, index) =>
      `<rect x="66" y="${316 + index * 14}" width="9" height="9" fill="${colourOf(name)}"/><text x="80" y="${324 + index * 14}">${name}</text>`,
  )
  return `<g transform="translate(${left} 0)"><text x="60" y="42" font-weight="bold">${title} (${unit})</text>\n${[...heights, ...ticks, ...drawn, ...key].join('\n')}\n<text x="${WIDTH / 2 + 20}" y="304" text-anchor="middle">${across}</text></g>`
}

function logScale(values, from, to) {
  const [least, most] = [Math.log(Math.min(...values)), Math.log(Math.max(...values))]
  return (value) => from + ((to - from) * (Math.log(value) - least)) / (most - least || 1)
}

/** Powers of ten within the values, and 3 times them. */
function powers(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)]
  return Array.from({ length: 15 }, (_, index) => [10 ** (index - 5), 3 * 10 ** (index - 5)])
    .flat()
    .filter((value) => value >= least && value <= most)
}

function amount(value) {
  return value >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
}

function svg(width, height, title, content) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
<text x="10" y="18" font-size="13">${title}</text>
${content}
</svg>
`
}
