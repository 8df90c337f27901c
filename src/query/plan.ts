import { ImagemillError } from '../errors.ts'
import { canonical, sha256 } from '../hash.ts'
import type { Box, Fact, FactQuestion, Format, Header, Output, Picture, Source } from '../types.ts'
import { placeholderOf } from './directives.ts'
import { settleEffects } from './effects.ts'
import { ANIMATED, LARGEST } from './encoder-defaults.ts'
import { paddingOf, settleEncoding } from './encoding.ts'
import { sizeText, warningsOf, type Notes } from './notes.ts'
import { placeholderQuestion } from './placeholder.ts'
import { conflict, type Request } from './request.ts'
import { cropBox, focusBox, outputSize, rasterScale, rotatedSize, wholeTurn, type Size } from './size.ts'
import { keyed, pixelTransforms, type Transforms } from './transforms.ts'
import { variantsOf, type Variant } from './variants.ts'

/** Everything that an import asks of one source, settled before any pixel is decoded. */
export interface Plan {
  operation: 'resize' | 'srcset' | 'convert' | 'quality'
  /** Name of the job: the hash of everything its outputs depend on. */
  job_id: string
  /** All of them: view by view, by format in the order asked for, then by size; no two are the same. */
  outputs: Output[]
  /** How they are shown: first the views with a media condition, in the order in which these are tried, and last the one for all other screens. */
  views: View[]
  /** What else is asked of the source. */
  facts: Fact[]
  /** What was done other than asked, in words for the user. */
  warnings: string[]
}

/** The outputs among which a browser chooses on the screens that match `media`; on all that match no other where it is absent. */
export interface View {
  media?: string
  outputs: Output[]
}

export interface PlanContext {
  /** Versions of engine and encoders, which change the bytes. */
  encoder: string
  /** Most px, over all frames, that a source or an output may have. */
  pixelLimit: number
  /** The part of the source that `trim` leaves, when the request trims. */
  trimmed?: Box | undefined
  /** The modules that the request names. */
  modules?: Transforms | undefined
}

interface Planned {
  output: Output
  variant: Variant
}

export function planRequest(request: Request, source: Source, given: PlanContext): Plan {
  const context = { ...given, modules: request.transforms }
  const notes: Notes = {
    clamped: [],
    stilled: [],
    alike: [],
    still: request.values.animated?.[0] === false,
    plain: request.values.colors?.[0] === 'srgb',
  }
  const byKey = new Map<string, Planned>()
  const { values, perFormat } = request
  checkSource(source.header, context.pixelLimit)
  for (const variant of variantsOf(values, source.header)) {
    const { picture, shrink } = settlePicture(variant, source.header, context, notes)
    const encoding = settleEncoding(variant, perFormat[variant.format], source.header)
    const key = sha256(canonical({ source: source.digest, picture: keyed(picture), encoding, encoder: context.encoder }))
    if (!byKey.has(key)) byKey.set(key, { output: { key, picture, encoding, descriptor: descriptorOf(variant, picture, shrink) }, variant })
  }
  const planned = [...byKey.values()]
  const outputs = planned.map(({ output }) => output)
  if (isSrcset(request)) notes.alike.push(...alikeIn(outputs))
  const facts = questionsOf(request, planned, source.header, context).map((question) => ({
    key: sha256(canonical({ source: source.digest, question: keyedQuestion(question), encoder: context.encoder })),
    question,
  }))
  return { ...jobOf(outputs), views: [{ outputs }], facts, warnings: warningsOf(notes, source.header) }
}

/** One plan of the plan of a request and those of its breakpoints, which are given in the order of its `art`. */
export function planViews(request: Request, main: Plan, art: readonly Plan[]): Plan {
  const named = art.map((plan, index) => ({ ...plan, ...request.art[index] }))
  const views = [...named.map(({ media, outputs }) => ({ ...(media !== undefined && { media }), outputs })), { outputs: main.outputs }]
  // What is told of the image is not told of each breakpoint again.
  const more = named.flatMap(({ name, warnings }) =>
    warnings.filter((text) => !main.warnings.includes(text)).map((text) => `${name}: ${text}`),
  )
  const outputs = [...new Map(views.flatMap((view) => view.outputs.map((output) => [output.key, output]))).values()]
  return { ...jobOf(outputs), views, facts: main.facts, warnings: [...main.warnings, ...more] }
}

/** Whether what is made becomes candidates among which a browser chooses. */
function isSrcset({ shape, urlOnly }: Request): boolean {
  return !urlOnly && (shape === undefined || ['srcset', 'img', 'picture'].includes(shape.name))
}

/** Descriptors that files of one format share. */
function alikeIn(outputs: readonly Output[]): string[] {
  const seen = new Set<string>()
  return outputs.flatMap(({ encoding, descriptor }) => {
    const name = `${encoding.format} ${descriptor}`
    return seen.has(name) ? [descriptor] : (seen.add(name), [])
  })
}

function jobOf(outputs: Output[]): Pick<Plan, 'operation' | 'job_id' | 'outputs'> {
  const operation = operationOf(outputs)
  return { operation, job_id: jobIdOf(operation, outputs), outputs }
}

function questionsOf({ values }: Request, planned: readonly Planned[], header: Header, context: PlanContext): FactQuestion[] {
  const placeholder = values.placeholder?.[0]
  const shown = largestFallback(planned)
  const settle = (variant: Variant): Picture =>
    settlePicture(variant, header, context, { clamped: [], stilled: [], alike: [], still: true, plain: true }).picture
  return [
    ...(shown && placeholder !== undefined ? [placeholderQuestion(placeholderOf(placeholder), shownBy(shown, header), settle)] : []),
    ...(values.exif?.[0] ? [{ operation: 'exif' as const }] : []),
  ]
}

function keyedQuestion(question: FactQuestion): object {
  return question.operation === 'placeholder' ? { ...question, picture: keyed(question.picture) } : question
}

function shownBy({ output: { picture }, variant }: Planned, header: Header): Parameters<typeof placeholderQuestion>[1] {
  return { variant, picture, header, displayed: displayedSize(header, variant.orient) }
}

/** The output that `src` names: a placeholder stands in for it. */
function largestFallback(planned: readonly Planned[]): Planned | undefined {
  const format = planned.at(-1)?.output.encoding.format
  return planned
    .filter(({ output }) => output.encoding.format === format)
    .reduce<Planned | undefined>((most, item) => (most && most.output.picture.width >= item.output.picture.width ? most : item), undefined)
}

/** Names a job by everything that its outputs depend on. */
export function jobIdOf(operation: Plan['operation'], outputs: readonly Output[]): string {
  return sha256(canonical([operation, outputs.map(({ key }) => key)]))
}

/** What the job of some outputs does. */
export function operationOf(outputs: readonly Output[]): Plan['operation'] {
  if (outputs.some(({ encoding }) => encoding.target ?? encoding.auto)) return 'quality'
  if (outputs.length > 1) return 'srcset'
  return outputs[0]?.picture.resize ? 'resize' : 'convert'
}

/** The source as it is displayed: a quarter turn of EXIF swaps its sides. */
export function displayedSize({ width, height, orientation }: Header, orient = true): Size {
  return orient && orientation >= 5 ? { width: height, height: width } : { width, height }
}

function settlePicture(variant: Variant, header: Header, context: PlanContext, notes: Notes): { picture: Picture; shrink: number } {
  const { format, allowUpscale } = variant
  const displayed = displayedSize(header, variant.orient)
  const whole = { left: 0, top: 0, ...displayed }
  let box = context.trimmed ?? (variant.crop === undefined ? whole : croppedBox(variant.crop, displayed))
  const wanted = { ...variant, allowUpscale: allowUpscale || header.format === 'svg' }
  const { clamped, shrink, ...size } = outputSize(box, wanted)
  if (clamped) notes.clamped.push({ wanted: sizeText(variant), box, size })
  const { focus } = variant
  const focused = focus !== undefined && (variant.fit ?? 'cover') === 'cover'
  if (focused) box = focusBox(focus, box, size)
  const resized = size.width !== box.width || size.height !== box.height
  const frames = variant.animated && ANIMATED.has(format) ? header.frames : 1
  if (header.frames > 1 && frames === 1 && variant.animated) notes.stilled.push(format)
  if (variant.linear && frames > 1)
    throw conflict('`linear` cannot be used on frames that move', 'Leave it out, or write `animated=false`.')
  if (variant.transform !== undefined && frames > 1)
    throw conflict('`transform` cannot be used on frames that move', 'Leave it out, or write `animated=false`.')
  const angle = wholeTurn(variant.rotate ?? 0)
  const final = rotatedSize(size, angle)
  checkOutput(final, frames, format, context.pixelLimit)
  const effects = settleEffects(variant, final)
  const kernel = variant.kernel ?? 'lanczos3'
  const fit = focused ? 'fill' : resizeFit(variant, box, size)
  const picture: Picture = {
    ...final,
    orient: variant.orient,
    frames,
    scale: kernel === 'lanczos3' && !variant.linear && frames === 1 && header.format !== 'svg' && resized ? rasterScale(box, size) : 1,
    ...(!sameBox(box, whole) && { box }),
    // What cannot be seen is left out, so that it does not make another key.
    ...(resized && {
      resize: {
        ...size,
        fit,
        kernel,
        ...(variant.linear && { linear: true }),
        ...(variant.position && fit !== 'fill' && { position: variant.position }),
        ...(isSmart(variant) && fit === 'cover' && { aspect: wantedAspect(variant, size) }),
        ...(fit === 'contain' && { background: paddingOf(variant) }),
      },
    }),
    // A right angle leaves nothing to fill.
    ...(angle !== 0 && { rotate: angle % 90 === 0 ? { angle } : { angle, background: paddingOf(variant) } }),
    ...(variant.flip && { flip: true }),
    ...(variant.flop && { flop: true }),
    ...(effects && { effects }),
    ...(variant.transform !== undefined && { transforms: pixelTransforms(variant.transform, context.modules) }),
    // Without its colours a picture has no gamut.
    ...(variant.keepColors && !effects?.grayscale && { colors: 'keep' as const }),
  }
  return { picture, shrink }
}

/** Whether the pixels decide what is kept. */
function isSmart({ position }: Variant): boolean {
  return position === 'entropy' || position === 'attention'
}

/** The ratio that was asked for, not that of a size rounded to whole px. */
function wantedAspect({ w, h, aspect }: Variant, size: Size): number {
  if (w !== undefined && h !== undefined) return w / h
  return aspect ?? size.width / size.height
}

/** When nothing is cut off or added, sharp must not round the size a second time. */
function resizeFit({ fit = 'cover', w, h, aspect }: Variant, box: Size, size: Size): 'cover' | 'contain' | 'fill' {
  if (fit !== 'cover' && fit !== 'contain') return 'fill'
  if (aspect === undefined && (w === undefined || h === undefined)) return 'fill'
  const sameAspect = Math.abs(box.width * size.height - box.height * size.width) <= Math.max(box.width, box.height) * 0.5
  return sameAspect ? 'fill' : fit
}

/** The rectangle of a `crop`, which must lie within the source. */
export function croppedBox(crop: string, displayed: Size): Box {
  const box = cropBox(crop, displayed)
  if (box) return box
  throw new ImagemillError({
    code: 'INVALID_DIRECTIVE',
    message: `invalid value of \`crop\`: expected a rectangle within the source (${displayed.width} × ${displayed.height} px), received \`${crop}\``,
    hint: 'Write x,y,w,h in px or per cent of the source as it is displayed.',
  })
}

function descriptorOf({ density, base }: Variant, { width }: Picture, shrink: number): string {
  if (density !== undefined) return `${Number((density * shrink).toFixed(3))}x`
  return base === undefined ? `${width}w` : `${Number((width / base).toFixed(3))}x`
}

function sameBox(a: Box, b: Box): boolean {
  return a.left === b.left && a.top === b.top && a.width === b.width && a.height === b.height
}

function checkSource({ width, height, frames, format }: Header, limit: number): void {
  const pixels = width * height * frames
  if (format === 'svg' || pixels <= limit) return
  throw new ImagemillError({
    code: 'PIXEL_LIMIT',
    message: `the source has ${megapixels(pixels)} (${width} × ${height}${frames > 1 ? ` × ${frames} frames` : ''}): expected at most ${megapixels(limit)}`,
    hint: 'Make the file smaller, or raise `limits.pixels` in the options of the plugin.',
  })
}

function checkOutput({ width, height }: Size, frames: number, format: Format, limit: number): void {
  const largest = LARGEST[format]
  if (Math.max(width, height) > largest) {
    throw new ImagemillError({
      code: 'SIZE_LIMIT',
      message: `${width} × ${height} px does not fit into ${format}: expected at most ${largest} px a side`,
      hint: 'Ask for a smaller size or for another format.',
    })
  }
  if (width * height * frames <= limit) return
  throw new ImagemillError({
    code: 'PIXEL_LIMIT',
    message: `the output would have ${megapixels(width * height * frames)}: expected at most ${megapixels(limit)}`,
    hint: 'Ask for a smaller size, or raise `limits.pixels` in the options of the plugin.',
  })
}

function megapixels(pixels: number): string {
  return `${Number((pixels / 1e6).toFixed(1))} megapixels`
}
