import type { Format } from '../types.ts'
import type { DirectiveName, ListName, PER_BREAKPOINT, PER_FORMAT, PLACEHOLDERS, SHAPES, ValueOf } from './directives.ts'

declare global {
  /** Names of the presets of this project, as keys; `imagemill.d.ts` fills it in. */
  interface ImagemillPresets {}
  /** Names of the breakpoints of this project, as keys; `imagemill.d.ts` fills it in. */
  interface ImagemillBreakpoints {}
  /** Names of the shapes of this project, as keys; `imagemill.d.ts` fills it in. */
  interface ImagemillShapes {}
  /** Names of the transforms of this project, as keys; `imagemill.d.ts` fills it in. */
  interface ImagemillTransforms {}
}

/** Any text as long as the project has no `imagemill.d.ts` that knows better. */
type NameOf<T> = [keyof T] extends [never] ? string : keyof T & string

/** Directives whose value is written in other ways than it is read to. */
interface Spelt {
  aspect: number | `${number}:${number}`
  focus: `${number},${number}`
  crop: `${string},${string},${string},${string}`
  format: Format | 'jpg' | 'auto'
  target_size: number | `${number}kb` | `${number}mb`
  placeholder: (typeof PLACEHOLDERS)[number] | 'dominant' | `lqip:${number}`
  as: WithOwn<(typeof SHAPES)[number] | `metadata:${string}`>
  transform: Steps<keyof ImagemillTransforms>
  preset: NameOf<ImagemillPresets>
  imagemill: true
}

/** A transform, with what it is given, or before another one: `'watermark:left,grain'`. */
type Steps<K> = [K] extends [never] ? string : K extends string ? K | `${K}${':' | ','}${string}` : never

/** With the shapes of the project, and what they are given: `as: 'card:a;b'`. */
type WithOwn<T, Own = keyof ImagemillShapes> = T | (Own extends string ? Own | `${Own}:${string}` : never)

type Spelling<K extends DirectiveName> = K extends keyof Spelt ? Spelt[K] : ValueOf<K>

/** A number may be a text, as it is in a query. */
type One<T> = T | (T extends number ? `${T}` : never)

/** Several values, as a list or as the text of one: `[320, 640]` or `'320;640'`. */
type Several<T> = readonly One<T>[] | (T extends number | string ? `${T};${string}` : never)

/** How the value of a directive may be written in an object. */
type Written<K extends DirectiveName> = One<Spelling<K>> | (K extends ListName ? Several<Spelling<K>> : never)

type PerFormat = (typeof PER_FORMAT)[number]
type PerBreakpoint = (typeof PER_BREAKPOINT)[number]
type BreakpointName = NameOf<ImagemillBreakpoints>

/** Every directive of a query, by its name: `{ w: [320, 640], format: ['avif', 'webp'], 'avif.quality': 50 }`. */
export type Directives = { readonly [K in DirectiveName]?: Written<K> | undefined } & {
  readonly [K in PerFormat as `${Format}.${K}`]?: One<Spelling<K>> | undefined
} & OfBreakpoints

/** Unknown names of breakpoints can only be told by their ending. */
type OfBreakpoints = string extends BreakpointName
  ? { readonly [K in PerBreakpoint as `${string}.${K}`]: Written<K> | undefined }
  : { readonly [K in PerBreakpoint as `${BreakpointName}.${K}`]?: Written<K> | undefined } & {
      readonly [K in PerFormat as `${BreakpointName}.${Format}.${K}`]?: One<Spelling<K>> | undefined
    }

/** Directives as the text of a query or as an object. */
export type Query = string | Directives
