/** Pixels of four channels, alpha not multiplied in. */
export interface Rgba {
  data: Buffer
  width: number
  height: number
}

type Colour = readonly [red: number, green: number, blue: number, alpha: number]

export function isOpaque({ data }: Rgba): boolean {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return false
  return true
}

/** Levels of each channel that colours are counted in. */
const LEVELS = 16

/** The colour that most of what can be seen has, as `#rrggbb`; white when nothing can be seen. */
export function dominantColour(pixels: Rgba): string {
  const counts = new Float64Array(LEVELS ** 3)
  const bins = colours(pixels).map((colour) => ({ colour, bin: binOf(colour) }))
  for (const { colour, bin } of bins) {
    const at = place(bin)
    counts[at] = (counts[at] ?? 0) + colour[3]
  }
  let best: readonly number[] | undefined
  let most = 0
  for (const bin of new Map(bins.map(({ bin: own }) => [place(own), own])).values()) {
    // With its neighbours, because the borders between bins are nowhere in the picture.
    const weight = sumAround(counts, bin)
    if (weight > most) [best, most] = [bin, weight]
  }
  if (!best) return '#ffffff'
  const near = best
  return hex(
    mean(bins.filter(({ bin }) => bin.every((level, i) => Math.abs(level - (near[i] ?? 0)) <= 1)).map(({ colour }) => colour)),
  ).slice(0, 7)
}

function binOf(colour: Colour): number[] {
  return colour.slice(0, 3).map((value) => Math.floor((value * LEVELS) / 256))
}

function place(bin: readonly number[]): number {
  return bin.reduce((at, level) => at * LEVELS + level, 0)
}

function sumAround(counts: Float64Array, bin: readonly number[]): number {
  let sum = 0
  for (let step = 0; step < 27; step++) {
    const near = bin.map((level, i) => level + (Math.floor(step / 3 ** i) % 3) - 1)
    if (near.every((level) => level >= 0 && level < LEVELS)) sum += counts[place(near)] ?? 0
  }
  return sum
}

/** Columns and rows of the spots of a gradient. */
const SPOTS = 3

/**
 * A picture as a CSS `background`: a colour under nine soft spots. What is transparent in the picture is so in the
 * gradient, which then has no colour below.
 */
export function cssGradient(pixels: Rgba): string {
  const spots: string[] = []
  for (let y = 0; y < SPOTS; y++) {
    for (let x = 0; x < SPOTS; x++) spots.push(spot(x, y, hex(mean(part(pixels, x, y)))))
  }
  const ground = isOpaque(pixels) ? `,${hex(mean(colours(pixels)))}` : ''
  return `${spots.join(',')}${ground}`
}

function spot(x: number, y: number, colour: string): string {
  const at = (index: number): string => `${Math.round((100 * index) / (SPOTS - 1))}%`
  // Fading to its own colour would be the same in every browser of today, and twice as long.
  return `radial-gradient(60% 60% at ${at(x)} ${at(y)},${colour},#0000)`
}

function part({ data, width, height }: Rgba, x: number, y: number): Colour[] {
  const [left, right] = [Math.floor((x * width) / SPOTS), Math.ceil(((x + 1) * width) / SPOTS)]
  const [top, bottom] = [Math.floor((y * height) / SPOTS), Math.ceil(((y + 1) * height) / SPOTS)]
  const rows = Array.from({ length: bottom - top }, (_, row) =>
    data.subarray(4 * ((top + row) * width + left), 4 * ((top + row) * width + right)),
  )
  return rows.flatMap((row) => colours({ data: row }))
}

function colours({ data }: Pick<Rgba, 'data'>): Colour[] {
  return Array.from({ length: data.length / 4 }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0, alpha = 0] = data.subarray(4 * pixel, 4 * pixel + 4)
    return [red, green, blue, alpha]
  })
}

/** Pixels count by how much of them can be seen. */
function mean(list: readonly Colour[]): Colour {
  const alpha = list.reduce((sum, colour) => sum + colour[3], 0)
  const channel = (index: 0 | 1 | 2): number =>
    alpha === 0 ? 255 : Math.round(list.reduce((sum, colour) => sum + colour[index] * colour[3], 0) / alpha)
  return [channel(0), channel(1), channel(2), list.length === 0 ? 0 : Math.round(alpha / list.length)]
}

/** As short as CSS allows: without alpha where it is full. */
export function hex([red, green, blue, alpha]: Colour): string {
  const text = [red, green, blue, alpha].map((value) => value.toString(16).padStart(2, '0')).join('')
  return `#${alpha === 255 ? text.slice(0, 6) : text}`
}
