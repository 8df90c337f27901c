/** How two pictures differ, as a picture and in numbers. */
export interface Difference {
  width: number
  height: number
  pixels: ImageData
  /** Of the channels that differ most, of 255. */
  mean: number
  most: number
  /** Share of the pixels that differ by 8 or more. */
  changed: number
}

/** Differences this large are as bright as it gets: larger ones are rare between a picture and what was made of it. */
const BRIGHTEST = 64

/** The colours of a heat map: what is the same is nearly black. */
const STOPS = [
  [8, 8, 20],
  [60, 15, 110],
  [170, 40, 95],
  [240, 110, 40],
  [252, 250, 190],
] as const

/** Compares two pictures pixel by pixel; the first is brought to the size of the second. */
export async function differenceOf(left: string, right: string): Promise<Difference> {
  const [a, b] = await Promise.all([load(left), load(right)])
  const { naturalWidth: width, naturalHeight: height } = b
  const [first, second] = [pixelsOf(a, width, height), pixelsOf(b, width, height)]
  const heat = new ImageData(width, height)
  let [sum, most, changed] = [0, 0, 0]
  for (let at = 0; at < heat.data.length; at += 4) {
    let delta = 0
    for (let channel = 0; channel < 4; channel++)
      delta = Math.max(delta, Math.abs((first.data[at + channel] ?? 0) - (second.data[at + channel] ?? 0)))
    sum += delta
    most = Math.max(most, delta)
    if (delta >= 8) changed++
    heat.data.set(colourOf(Math.min(1, delta / BRIGHTEST)), at)
  }
  const pixels = width * height
  return { width, height, pixels: heat, mean: sum / pixels, most, changed: changed / pixels }
}

async function load(url: string): Promise<HTMLImageElement> {
  const image = new Image()
  image.src = url
  await image.decode()
  return image
}

function pixelsOf(image: HTMLImageElement, width: number, height: number): ImageData {
  const canvas = document.createElement('canvas')
  canvas.width = width
  canvas.height = height
  const context = canvas.getContext('2d', { willReadFrequently: true })
  if (!context) throw new TypeError('this browser has no canvas')
  context.imageSmoothingQuality = 'high'
  context.drawImage(image, 0, 0, width, height)
  return context.getImageData(0, 0, width, height)
}

function colourOf(heat: number): [number, number, number, number] {
  // Small differences are what there is mostly: the root spreads them.
  const at = Math.sqrt(heat) * (STOPS.length - 1)
  const index = Math.min(STOPS.length - 2, Math.floor(at))
  const [from = STOPS[0], to = STOPS[0]] = [STOPS[index], STOPS[index + 1]]
  const mix = (channel: 0 | 1 | 2): number => from[channel] + (to[channel] - from[channel]) * (at - index)
  return [mix(0), mix(1), mix(2), 255]
}
