import * as z from 'zod'
import type { FunctionStep } from '../contract/functions.ts'
import { text, whole, yesOrNo } from '../contract/fields.ts'
import { ImagemillError } from '../errors.ts'
import { invalidField } from '../jobs/invalid.ts'
import type { QueryInput } from '../query/text.ts'

type Directives = Exclude<QueryInput, string>

interface Size {
  width: number
  height: number
}

/** One function: its parameters, and what it is as directives of a query. */
interface Row {
  read(params: unknown): (source: Size) => Directives
}

function row<T extends z.ZodObject>(schema: T, directives: (params: z.output<T>, source: Size) => Directives): Row {
  return {
    read(value) {
      const { success, data, error } = schema.safeParse(value)
      if (!success) throw invalidField(error, value, Object.keys(schema.shape))
      return (source) => directives(data, source)
    },
  }
}

const px = whole('a size in px from 1 to 65535', 1, 65_535)
const offset = whole('px from 0 to 65535', 0, 65_535).default(0)

/** Which part stays, or where what is padded stands, by the names of a compass. */
const PLACES = {
  CenterGravity: 'center',
  NorthGravity: 'top',
  NorthEastGravity: 'right top',
  EastGravity: 'right',
  SouthEastGravity: 'right bottom',
  SouthGravity: 'bottom',
  SouthWestGravity: 'left bottom',
  WestGravity: 'left',
  NorthWestGravity: 'left top',
} as const
const gravity = z
  .enum(
    [
      'CenterGravity',
      'NorthGravity',
      'NorthEastGravity',
      'EastGravity',
      'SouthEastGravity',
      'SouthGravity',
      'SouthWestGravity',
      'WestGravity',
      'NorthWestGravity',
    ],
    {
      error: `one of ${Object.keys(PLACES).join(', ')}`,
    },
  )
  .default('CenterGravity')
const shrinkOnly = yesOrNo().default(false)
const number = (min: number, max: number): z.ZodNumber => {
  const error = `a number from ${min} to ${max}`
  return z.number({ error }).min(min, { error }).max(max, { error })
}
const box = { width: px, height: px }
const none = z.strictObject({})

/** Every function that `POST /job` knows: to add one, add its row. */
const FUNCTIONS: Readonly<Record<string, Row>> = {
  no_op: row(none, () => ({})),
  resize: row(z.strictObject({ width: px.optional(), height: px.optional(), scale_factor: number(0.001, 100).optional() }), resize),
  resize_to_fit: row(z.strictObject({ width: px.optional(), height: px.optional(), only_shrink_larger: shrinkOnly }), (params) => ({
    ...sized(params.width, params.height),
    ...(params.width !== undefined && params.height !== undefined && { fit: 'inside' }),
    ...(!params.only_shrink_larger && { allowUpscale: true }),
  })),
  resize_to_fill: row(z.strictObject({ ...box, gravity, only_shrink_larger: shrinkOnly }), ({ width, height, ...params }) => ({
    w: width,
    h: height,
    fit: 'cover',
    position: PLACES[params.gravity],
    ...(!params.only_shrink_larger && { allowUpscale: true }),
  })),
  pad_resize_to_fit: row(
    z.strictObject({ ...box, gravity, color: text('a colour').default('#ffffff') }),
    ({ width, height, ...params }) => ({
      w: width,
      h: height,
      fit: 'contain',
      position: PLACES[params.gravity],
      background: params.color.replace(/^#/, ''),
      allowUpscale: true,
    }),
  ),
  crop: row(z.strictObject({ x: offset, y: offset, ...box }), ({ x, y, width, height }) => ({ crop: `${x},${y},${width},${height}` })),
  crop_to_square: row(z.strictObject({ gravity }), (params) => ({ aspect: '1:1', position: PLACES[params.gravity] })),
  rotate: row(z.strictObject({ amount: number(-360, 360) }), ({ amount }) => ({ rotate: amount })),
  blur: row(z.strictObject({ sigma: number(0.3, 1000).default(1), radius: number(0, 1000).optional() }), ({ sigma }) => ({ blur: sigma })),
  sharpen: row(z.strictObject({ sigma: number(0.000001, 10).default(1), radius: number(0, 1000).optional() }), ({ sigma }) => ({
    sharpen: sigma,
  })),
  gray_colorspace: row(none, () => ({ grayscale: true })),
  auto_level: row(none, () => ({ normalize: true })),
  trim: row(none, () => ({ trim: true })),
}

export const FUNCTION_NAMES: readonly string[] = Object.keys(FUNCTIONS)

/** A step as directives; what is wrong with it is an error that says so in the words its callers know. */
export function directivesOf({ name, params = {} }: FunctionStep): (source: Size) => Directives {
  const known = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined
  if (known) return known.read(params)
  throw new ImagemillError({
    code: 'INPUT_INVALID',
    message: `Unknown function named '${name.slice(0, 100)}'`,
    hint: `Known ones are ${FUNCTION_NAMES.join(', ')}.`,
  })
}

function resize(
  { width, height, scale_factor }: { width?: number | undefined; height?: number | undefined; scale_factor?: number | undefined },
  source: Size,
): Directives {
  if (scale_factor === undefined)
    return { ...sized(width, height), ...(width !== undefined && height !== undefined && { fit: 'fill' }), allowUpscale: true }
  if (width !== undefined || height !== undefined)
    throw new ImagemillError({ code: 'INPUT_INVALID', message: '`scale_factor` and a size cannot be used together' })
  return { w: Math.max(1, Math.round(source.width * scale_factor)), allowUpscale: true }
}

function sized(width: number | undefined, height: number | undefined): Directives {
  if (width === undefined && height === undefined)
    throw new ImagemillError({ code: 'INPUT_INVALID', message: 'missing parameter: expected `width`, `height` or both' })
  return { ...(width !== undefined && { w: width }), ...(height !== undefined && { h: height }) }
}
