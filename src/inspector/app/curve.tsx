import type { JSX } from 'preact'

interface Point {
  x: number
  y: number
}

interface CurveProps {
  name: string
  /** In the order in which they were tried. */
  points: readonly Point[]
  /** The quality that was taken. */
  chosen: number
  target?: number
  /** Values between this and the target are as good. */
  near?: number
  text(value: number): string
}

const [WIDTH, HEIGHT] = [460, 240]
const EDGE = { left: 62, right: 14, top: 16, bottom: 42 }

/** What each quality gave, with the target. */
export function Curve({ name, points, chosen, target, near, text }: CurveProps): JSX.Element {
  const x = axis(
    points.map((point) => point.x),
    [EDGE.left, WIDTH - EDGE.right],
    4,
    8,
  )
  const y = axis([...points.map((point) => point.y), ...(target === undefined ? [] : [target])], [HEIGHT - EDGE.bottom, EDGE.top], 0, 4)
  const line = points.toSorted((a, b) => a.x - b.x).map((point) => `${x.at(point.x)},${y.at(point.y)}`)
  const description = points.map((point) => `quality ${point.x}: ${text(point.y)}`).join(', ')
  return (
    <figure class="curve">
      <figcaption>{name} by quality</figcaption>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`${name} of each try: ${description}`}>
        {y.ticks.map((tick) => (
          <g key={tick}>
            <line class="curve__grid" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y.at(tick)} y2={y.at(tick)} />
            <text class="curve__tick" x={EDGE.left - 8} y={y.at(tick) + 4} text-anchor="end">
              {text(tick)}
            </text>
          </g>
        ))}
        {x.ticks.map((tick) => (
          <text key={tick} class="curve__tick" x={x.at(tick)} y={HEIGHT - EDGE.bottom + 16} text-anchor="middle">
            {tick}
          </text>
        ))}
        <text class="curve__tick" x={(EDGE.left + WIDTH - EDGE.right) / 2} y={HEIGHT - 4} text-anchor="middle">
          quality
        </text>
        {target !== undefined && (
          <>
            {near !== undefined && (
              <rect
                class="curve__near"
                x={EDGE.left}
                width={WIDTH - EDGE.left - EDGE.right}
                y={y.at(target)}
                height={Math.max(0, y.at(near) - y.at(target))}
              />
            )}
            <line class="curve__target" x1={EDGE.left} x2={WIDTH - EDGE.right} y1={y.at(target)} y2={y.at(target)} />
            <text class="curve__tick curve__tick--target" x={EDGE.left + 4} y={y.at(target) - 5}>
              target {text(target)}
            </text>
          </>
        )}
        <polyline class="curve__line" points={line.join(' ')} />
        {points.map((point, index) => (
          <g key={`${index}-${point.x}`} class={point.x === chosen ? 'curve__point curve__point--chosen' : 'curve__point'}>
            <title>{`Try ${index + 1}: quality ${point.x}, ${text(point.y)}`}</title>
            <circle cx={x.at(point.x)} cy={y.at(point.y)} r={point.x === chosen ? 10 : 8.5} />
            <text x={x.at(point.x)} y={y.at(point.y) + 3.5} text-anchor="middle">
              {index + 1}
            </text>
          </g>
        ))}
      </svg>
    </figure>
  )
}

/** A linear scale with some air at its ends, `least` of it, and up to `most` round numbers on it. */
function axis(
  values: readonly number[],
  [from, to]: [number, number],
  least: number,
  most: number,
): { at(value: number): number; ticks: number[] } {
  const [low, high] = [Math.min(...values), Math.max(...values)]
  const air = Math.max((high - low) * 0.14, least, high * 0.01)
  const [start, end] = [low - air, high + air]
  const rough = (end - start) / most
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough) ?? rough
  const ticks: number[] = []
  for (let tick = Math.ceil(start / step) * step; tick <= end; tick += step) ticks.push(Number(tick.toFixed(6)))
  return { at: (value) => from + ((value - start) / (end - start)) * (to - from), ticks }
}
