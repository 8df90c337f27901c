import { join } from 'node:path'
import { query, type Directives } from 'imagemill'
import { query as light } from 'imagemill/query'
import { build } from 'vite'
import { expect, test } from 'vitest'
import type { DIRECTIVES } from '../../src/query/directives.ts'
import { parseRequest } from '../../src/query/request.ts'
import { project } from '../support/project.ts'
import { runFile } from '../support/run.ts'

/** One way of writing every directive, with the text that it becomes. */
const WRITTEN: { [K in keyof typeof DIRECTIVES]: [NonNullable<Directives[K]>, string] } = {
  w: [[320, 640], 'w=320;640'],
  h: ['320;640', 'h=320;640'],
  aspect: [['16:9', 1.5], 'aspect=16:9;1.5'],
  fit: ['contain', 'fit=contain'],
  position: [['right top', 'attention'], 'position=right%20top;attention'],
  focus: ['0.3,0.7', 'focus=0.3,0.7'],
  kernel: ['nearest', 'kernel=nearest'],
  linear: [true, 'linear'],
  background: ['#fff', 'background=%23fff'],
  allowUpscale: [true, 'allowUpscale'],
  crop: ['10%,0,80%,100%', 'crop=10%25,0,80%25,100%25'],
  trim: [12, 'trim=12'],
  rotate: [90, 'rotate=90'],
  flip: [[true, false], 'flip=true;false'],
  flop: [false, 'flop=false'],
  noAutoOrient: [true, 'noAutoOrient'],
  format: [['avif', 'webp', 'jpg'], 'format=avif;webp;jpg'],
  quality: [[40, 'auto:low'], 'quality=40;auto:low'],
  target_size: ['50kb', 'target_size=50kb'],
  tolerance_percent: [3, 'tolerance_percent=3'],
  max_iterations: [4, 'max_iterations=4'],
  min_quality: [20, 'min_quality=20'],
  max_quality: ['80', 'max_quality=80'],
  effort: ['max', 'effort=max'],
  lossless: [true, 'lossless'],
  progressive: [false, 'progressive=false'],
  blur: [2.5, 'blur=2.5'],
  sharpen: [true, 'sharpen'],
  median: [3, 'median=3'],
  grayscale: [true, 'grayscale'],
  invert: [true, 'invert'],
  normalize: [true, 'normalize'],
  flatten: [true, 'flatten'],
  tint: ['rgb(1, 2, 3)', 'tint=rgb(1,%202,%203)'],
  hue: [180, 'hue=180'],
  saturation: [0.5, 'saturation=0.5'],
  brightness: [2, 'brightness=2'],
  transform: [['watermark:top left,grain', 'plain'], 'transform=watermark:top%20left,grain;plain'],
  colors: ['keep', 'colors=keep'],
  densities: [[1, 1.5, 2], 'densities=1;1.5;2'],
  basePixels: [400, 'basePixels=400'],
  placeholder: ['lqip:32', 'placeholder=lqip:32'],
  exif: [true, 'exif'],
  metadata: ['copyright', 'metadata=copyright'],
  as: ['metadata:width;height', 'as=metadata:width;height'],
  inline: ['auto', 'inline=auto'],
  animated: [false, 'animated=false'],
  prune: [true, 'prune'],
  preset: ['card', 'preset=card'],
  id: ['a&b=c;d é', 'id=a%26b%3Dc;d%20%C3%A9'],
  integrity: [`sha256-${'A'.repeat(43)}=`, `integrity=sha256-${'A'.repeat(43)}%3D`],
  imagemill: [true, 'imagemill'],
}

/** What some directives need beside them. */
const BESIDE: Partial<Record<string, Directives>> = {
  tolerance_percent: { target_size: 50_000 },
  max_iterations: { target_size: 50_000 },
  min_quality: { target_size: 50_000 },
  max_quality: { target_size: 50_000 },
  densities: { w: 100 },
  preset: {},
}

test.each(Object.entries(WRITTEN))('`%s` is written as the parser reads it', (name, [value, text]) => {
  const beside = BESIDE[name] ?? {}
  const written = query({ ...beside, [name]: value })
  expect(written.split('&').at(-1)).toBe(text)
  const found = { url: '', digest: '' }
  const context = { presets: { card: '' }, transforms: { names: ['watermark', 'grain', 'plain'], find: () => found } }
  // The same as the object itself, which options take.
  expect(parseRequest(written, context).query).toBe(parseRequest({ ...beside, [name]: value }, context).query)
})

test('directives keep their order, and what is undefined is left out', () => {
  expect(query({ w: [320, 640], h: undefined, format: ['avif', 'webp'] })).toBe('w=320;640&format=avif;webp')
  expect(query({})).toBe('')
  expect(query({ 'avif.quality': 50, 'phone.w': [200, 400], 'phone.avif.quality': 40, w: 800 })).toBe(
    'avif.quality=50&phone.w=200;400&phone.avif.quality=40&w=800',
  )
})

test.each([
  [{ width: 3 }, 'UNKNOWN_DIRECTIVE', 'Did you mean `w`?'],
  [{ w: 0 }, 'INVALID_DIRECTIVE', 'a width in px from 1'],
  [{ w: [] }, 'INVALID_DIRECTIVE', 'a width in px from 1'],
  [{ w: NaN }, 'INVALID_DIRECTIVE', 'received `NaN`'],
  [{ format: 'heic' }, 'INVALID_DIRECTIVE', 'Write `avif`.'],
  [{ 'phone.as': 'url' }, 'UNKNOWN_DIRECTIVE', 'Write `as` without `phone.`.'],
  [{ 'avif.w': 3 }, 'UNKNOWN_DIRECTIVE', 'cannot be set for one format alone'],
  [{ min_quality: 40 }, 'CONFLICTING_DIRECTIVES', 'Add `target_size` or `quality=auto`'],
])('%j is refused by the parser of imports', (directives, code, text) => {
  const refused = (): string => query(directives as Directives)
  expect(refused).toThrow(expect.objectContaining({ code, message: expect.stringContaining(text) }))
})

test('the light entry runs in a browser: it needs nothing of Node.js and no sharp', async () => {
  const { root } = project({
    'main.js':
      "import { query, ImagemillError } from 'imagemill/query'\nlet code\ntry { query({ w: 'x' }) } catch (error) { code = error instanceof ImagemillError && error.code }\nglobalThis.answer = [query({ w: [1, 2] }), code]",
  })
  const built = await build({
    root,
    configFile: false,
    logLevel: 'silent',
    resolve: { alias: { 'imagemill/query': join(import.meta.dirname, '../../dist/query/builder.js') } },
    build: { rollupOptions: { input: join(root, 'main.js'), output: { entryFileNames: 'main.js' } } },
  })
  const code = JSON.stringify(built)
  expect(code).not.toMatch(/node:|__vite-browser-external|sharp\(/)
  expect(runFile(join(root, 'dist/main.js'))).toEqual(['w=1;2', 'INVALID_DIRECTIVE'])
  expect(light({ w: 1 })).toBe('w=1')
})
