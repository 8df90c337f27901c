/** Bytes against butteraugli: sharp's fixed qualities as a line, our levels as dots, a panel for each format. */
export function autoPlot({ curves }) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${PANEL * curves.length} ${PANEL + 40}" font-family="sans-serif" font-size="11">
<rect width="100%" height="100%" fill="#fff"/>
${curves.map(panel).join('\n')}
<text x="${(PANEL * curves.length) / 2}" y="${PANEL + 30}" text-anchor="middle">mean butteraugli 3-norm (left is better) and bytes against sharp's default (lower is better)</text>
</svg>
`
}

const PANEL = 240
const MARGIN = 34

function panel({ format, fixed, base, levels }, index) {
  const distances = [...fixed, ...levels].map(({ distance }) => distance)
  const bytes = [...fixed, ...levels].map(({ log }) => Math.exp(log - base))
  const scale = (values, from, to) => {
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return (value) => from + ((to - from) * (value - least)) / (most - least)
  }
  const x = scale(distances, MARGIN, PANEL - 14)
  const y = scale(bytes, PANEL - MARGIN, 30)
  const at = ({ distance, log }) => [x(distance).toFixed(1), y(Math.exp(log - base)).toFixed(1)]
  const dots = (points, colour, label) =>
    points.map((point) => {
      const [left, top] = at(point)
      return `<circle cx="${left}" cy="${top}" r="3.5" fill="${colour}"/><text x="${Number(left) + 6}" y="${Number(top) - 4}" fill="${colour}">${label(point)}</text>`
    })
  return `<g transform="translate(${PANEL * index})"><text x="${PANEL / 2}" y="18" text-anchor="middle" font-weight="bold">${format}</text>
<path d="M${MARGIN} 26V${PANEL - MARGIN}H${PANEL - 8}" fill="none" stroke="#999"/>
<path d="M${fixed.map((point) => at(point).join(' ')).join('L')}" fill="none" stroke="#888"/>
${[...dots(fixed, '#777', ({ setting }) => setting), ...dots(levels, '#d2401a', ({ setting }) => setting)].join('\n')}
<text x="${MARGIN}" y="${PANEL - MARGIN + 14}">${Math.min(...distances).toFixed(1)}</text><text x="${PANEL - 14}" y="${PANEL - MARGIN + 14}" text-anchor="end">${Math.max(...distances).toFixed(1)}</text>
<text x="4" y="${PANEL - MARGIN}">${Math.min(...bytes).toFixed(1)}</text><text x="4" y="36">${Math.max(...bytes).toFixed(1)}</text></g>`
}
