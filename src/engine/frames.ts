import type { Sharp } from 'sharp'
import type { Header, Picture } from '../types.ts'
import { decodeError } from './failure.ts'
import { makePicture, type Changes } from './picture.ts'
import { cutAt, isSmart, smartPlace, type Place } from './smart.ts'
import { fromPixels, openSource, toPixels, type Animation, type Loaded, type Pixels } from './raster.ts'

/**
 * Whether the frames of an animation have to be worked on one by one. sharp takes them as one tall picture, which
 * is leaner and keeps the palette of a GIF, but flips their order, blurs one into the next, and refuses to turn.
 */
export function needsFrames({ orientation }: Header, { orient, resize, rotate, flip, effects }: Picture): boolean {
  const turned = (orient && orientation > 1) || rotate !== undefined || flip === true
  return turned || isSmart(resize) || Boolean(effects?.blur ?? effects?.sharpen ?? effects?.median)
}

/** The frames of a picture, each made on its own, one below the other. */
export async function makeFrames(loaded: Loaded, picture: Picture): Promise<Pixels> {
  const { frames, resize, effects = {} } = picture
  const { loop = 0, delay = [] } = await openSource(loaded, picture).metadata().catch(decodeError)
  const roll = await toPixels(openSource(loaded, { orient: false, frames })).catch(decodeError)
  const { normalize, tint, ...others } = effects
  // What looks at all pixels must see those of all frames, or they would flicker; sharp applies these two last.
  const single: Changes = { ...picture, effects: others }
  const made: Pixels[] = []
  let place: Place | undefined
  for (const stored of split(roll, frames)) {
    const frame = await upright(stored, loaded, picture)
    if (!isSmart(resize)) made.push(await makePicture(frame, single))
    else {
      // The first frame decides for all.
      place ??= await smartPlace(frame, resize)
      const cut = await cutAt(frame, place, resize)
      made.push(await makePicture(cut.part, { ...single, resize: cut.resize }))
    }
  }
  const joined = join(made, { loop, delay })
  return normalize || tint
    ? { ...joined, ...(await makePicture(joined, { effects: { ...(normalize && { normalize }), ...(tint && { tint }) } })) }
    : joined
}

function split({ data, width, height, channels }: Pixels, frames: number): Pixels[] {
  const frameHeight = height / frames
  const size = width * frameHeight * channels
  return Array.from({ length: frames }, (_, index) => ({
    data: data.subarray(index * size, (index + 1) * size),
    width,
    height: frameHeight,
    channels,
  }))
}

function join(frames: Pixels[], timing: Omit<Animation, 'frameHeight'>): Pixels {
  const [first] = frames
  if (!first) throw new TypeError('an animation has no frames')
  const { width, height, channels } = first
  return {
    data: Buffer.concat(frames.map(({ data }) => data)),
    width,
    height: height * frames.length,
    channels,
    animation: { frameHeight: height, ...timing },
  }
}

/** EXIF orientations as sharp's flip, flop and turn, which it makes in this order. */
const UPRIGHT: Readonly<Record<number, (image: Sharp) => Sharp>> = {
  2: (image) => image.flop(),
  3: (image) => image.rotate(180),
  4: (image) => image.flip(),
  5: (image) => image.flip().rotate(90),
  6: (image) => image.rotate(90),
  7: (image) => image.flip().rotate(270),
  8: (image) => image.rotate(270),
}

async function upright(frame: Pixels, { source }: Loaded, { orient, box }: Picture): Promise<Pixels> {
  const turn = orient ? UPRIGHT[source.header.orientation] : undefined
  const turned = turn ? await toPixels(turn(fromPixels(frame))) : frame
  return box ? toPixels(fromPixels(turned).extract(box)) : turned
}
