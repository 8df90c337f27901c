import sharp, { type Sharp } from 'sharp'

/** Pixels that look like a photograph to an encoder: soft gradients, edges and a little noise, the same for the same seed. */
export function photo(width: number, height: number, seed = 1): Sharp {
  const data = Buffer.alloc(width * height * 3)
  let state = seed * 2_654_435_761
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const noise = (state >>> 28) - 8
      const edge = (x * 5) % width > width / 2 === (y * 3) % height > height / 2 ? 40 : 0
      data[at++] = clamp(((x + seed * 17) / width) * 180 + edge + noise)
      data[at++] = clamp((y / height) * 160 + edge / 2 + noise)
      data[at++] = clamp(((x + y) / (width + height)) * 200 + noise)
    }
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

export function jpeg(width: number, height: number, seed?: number): Promise<Buffer> {
  return photo(width, height, seed).jpeg({ quality: 90 }).toBuffer()
}

export function png(width: number, height: number, seed?: number): Promise<Buffer> {
  return photo(width, height, seed).png().toBuffer()
}

/** Four quarters in red, green, blue and white: which is where tells how a picture was turned or cut. */
export function quarters(width: number, height: number): Sharp {
  const data = Buffer.alloc(width * height * 3)
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) data.set(QUARTERS[(y < height / 2 ? 0 : 2) + (x < width / 2 ? 0 : 1)] ?? [0, 0, 0], at)
  }
  return sharp(data, { raw: { width, height, channels: 3 } })
}

const QUARTERS = [
  [255, 0, 0],
  [0, 255, 0],
  [0, 0, 255],
  [255, 255, 255],
]

function clamp(value: number): number {
  return Math.max(0, Math.min(255, Math.round(value)))
}
