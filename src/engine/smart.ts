import { canonical } from '../hash.ts'
import { rasterScale } from '../query/size.ts'
import type { Box, Picture } from '../types.ts'
import { decodeRaster, drawVector, fromPixels, toPixels, type Loaded, type Pixels } from './raster.ts'

type Resize = NonNullable<Picture['resize']>

/** A resize whose part is chosen by what is in the picture. */
export type SmartResize = Resize & { position: 'entropy' | 'attention'; aspect: number }

export function isSmart(resize: Resize | undefined): resize is SmartResize {
  return resize?.aspect !== undefined && (resize.position === 'entropy' || resize.position === 'attention')
}

/** Where a part begins, as a share of the whole. */
export interface Place {
  left: number
  top: number
}

/** Longest side of the part when it is looked for, in px. */
const LOOK = 320

/**
 * The place of the part that stands out. It is looked for at one size whatever the size of the output: by sharp
 * alone, every fifth photograph would show another part in each candidate of a srcset.
 */
export async function smartPlace(pixels: Pixels, { position, aspect }: SmartResize): Promise<Place> {
  const part = partOf(pixels, aspect)
  const factor = Math.min(1, LOOK / Math.max(part.width, part.height))
  const [width, height] = [whole(part.width * factor), whole(part.height * factor)]
  const { info } = await fromPixels(pixels).resize({ width, height, fit: 'cover', position }).raw().toBuffer({ resolveWithObject: true })
  const scale = Math.max(width / pixels.width, height / pixels.height)
  return {
    left: -(info.cropOffsetLeft ?? 0) / scale / pixels.width,
    top: -(info.cropOffsetTop ?? 0) / scale / pixels.height,
  }
}

/** The place in a source. */
export function smartPlaceIn(loaded: Loaded, picture: Picture & { resize: SmartResize }): Promise<Place> {
  const { orient, box, colors, resize } = picture
  const key = canonical({ orient, box, colors, position: resize.position, aspect: resize.aspect })
  const place = loaded.places.get(key) ?? findPlace(loaded, picture)
  loaded.places.set(key, place)
  return place
}

/** Always looks at the same raster, whichever the output is made from. */
async function findPlace(loaded: Loaded, picture: Picture & { resize: SmartResize }): Promise<Place> {
  const { box, resize } = picture
  if (loaded.source.header.format === 'svg') {
    const [width, height] = resize.aspect > 1 ? [LOOK, whole(LOOK / resize.aspect)] : [whole(LOOK * resize.aspect), LOOK]
    return smartPlace(await drawVector(loaded, { ...picture, resize: { ...resize, width, height } }), resize)
  }
  const { width, height } = box ?? loaded.source.header
  return smartPlace(await decodeRaster(loaded, { ...picture, scale: rasterScale({ width, height }, { width: 1, height: 1 }) }), resize)
}

/** The part of a raster at a place, and how it is then resized. */
export async function cutAt(pixels: Pixels, place: Place, smart: SmartResize): Promise<{ part: Pixels; resize: Resize }> {
  const { aspect, position: _, ...resize } = smart
  const { width, height } = partOf(pixels, aspect)
  const box: Box = {
    left: Math.max(0, Math.min(pixels.width - width, Math.round(place.left * pixels.width))),
    top: Math.max(0, Math.min(pixels.height - height, Math.round(place.top * pixels.height))),
    width,
    height,
  }
  return { part: await toPixels(fromPixels(pixels).extract(box)), resize: { ...resize, fit: 'fill' } }
}

/** The largest part of an aspect. */
function partOf({ width, height }: Pick<Pixels, 'width' | 'height'>, aspect: number): { width: number; height: number } {
  return { width: Math.min(width, whole(height * aspect)), height: Math.min(height, whole(width / aspect)) }
}

function whole(px: number): number {
  return Math.max(1, Math.round(px))
}
