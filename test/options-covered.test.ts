import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { COMMANDS } from '../src/commands/main.ts'
import { DIRECTIVES } from '../src/query/directives.ts'

/** For each name a test that fails without it: its file, and how it is written there. */
type Proofs = Readonly<Record<string, readonly [file: string, text: string]>>

const DIRECTIVE_TESTS: Proofs = {
  w: ['engine/pictures.test.ts', 'w=30'],
  h: ['engine/pictures.test.ts', 'h=20'],
  aspect: ['engine/pictures.test.ts', 'aspect=6'],
  fit: ['engine/pictures.test.ts', 'fit=fill'],
  position: ['engine/pictures.test.ts', 'position=left'],
  focus: ['engine/pictures.test.ts', 'focus=0,0'],
  kernel: ['engine/pictures.test.ts', 'kernel=cubic'],
  linear: ['engine/pictures.test.ts', 'linear'],
  background: ['engine/pictures.test.ts', 'background=336699'],
  allowUpscale: ['engine/pictures.test.ts', 'allowUpscale'],
  crop: ['engine/pictures.test.ts', 'crop=0,0,30,20'],
  trim: ['engine/pictures.test.ts', 'trim'],
  rotate: ['engine/pictures.test.ts', 'rotate=90'],
  flip: ['engine/fidelity.test.ts', 'flip=true'],
  flop: ['engine/pictures.test.ts', 'flop'],
  noAutoOrient: ['engine/pictures.test.ts', 'noAutoOrient'],
  format: ['engine/pictures.test.ts', 'format=png'],
  quality: ['engine/pictures.test.ts', 'quality=100'],
  target_size: ['engine/target-size.test.ts', 'target_size=2kb'],
  tolerance_percent: ['engine/target-size.test.ts', 'tolerance_percent=0'],
  max_iterations: ['engine/target-size.test.ts', 'max_iterations=1'],
  min_quality: ['engine/target-size.test.ts', 'min_quality=40'],
  max_quality: ['engine/target-size.test.ts', 'max_quality=80'],
  effort: ['engine/effort.test.ts', 'effort='],
  lossless: ['engine/colour.test.ts', 'lossless'],
  progressive: ['engine/interlace.test.ts', 'progressive=false'],
  blur: ['engine/pictures.test.ts', 'blur=3.5'],
  sharpen: ['engine/pictures.test.ts', 'sharpen=2'],
  median: ['engine/pictures.test.ts', 'median=5'],
  grayscale: ['engine/pictures.test.ts', 'grayscale'],
  invert: ['engine/pictures.test.ts', 'invert'],
  normalize: ['engine/animation.test.ts', 'normalize'],
  flatten: ['engine/pictures.test.ts', 'flatten'],
  tint: ['engine/pictures.test.ts', 'tint=ffaa22'],
  hue: ['engine/pictures.test.ts', 'hue=90'],
  saturation: ['engine/pictures.test.ts', 'saturation=0.2'],
  brightness: ['engine/pictures.test.ts', 'brightness=1.5'],
  transform: ['engine/transforms.test.ts', 'transform=paint'],
  colors: ['engine/colour.test.ts', 'colors=keep'],
  densities: ['e2e/site.test.ts', 'densities=1'],
  basePixels: ['e2e/site.test.ts', 'basePixels=110'],
  placeholder: ['engine/transforms.test.ts', 'placeholder=dominant_color'],
  exif: ['engine/exif.test.ts', 'exif'],
  metadata: ['engine/metadata.test.ts', 'metadata=strip'],
  as: ['engine/svg.test.ts', 'as=url'],
  inline: ['build/inline.test.ts', 'inline=true'],
  animated: ['engine/animation.test.ts', 'animated=false'],
  prune: ['engine/prune.test.ts', 'prune=false'],
  integrity: ['remote/places.test.ts', 'integrity='],
  preset: ['build/options.test.ts', 'preset=card'],
  id: ['build/manifest.test.ts', 'id=hero'],
  imagemill: ['engine/transforms.test.ts', 'imagemill'],
}

const OPTION_TESTS: Proofs = {
  'budgets.on': ['build/budgets.test.ts', "on: 'import'"],
  'budgets.match': ['build/budgets.test.ts', "match: 'other/**'"],
  'budgets.formats': ['build/budgets.test.ts', "formats: ['webp'"],
  'budgets.maxBytes': ['build/budgets.test.ts', 'maxBytes: limit'],
  'budgets.maxTotal': ['build/budgets.test.ts', 'maxTotal: total'],
  'budgets.severity': ['build/budgets.test.ts', 'severity'],
  include: ['build/options.test.ts', "include: 'photos/**' "],
  exclude: ['build/options.test.ts', "exclude: 'photos/b.*' "],
  defaults: ['build/options.test.ts', 'defaults: { w: [40'],
  presets: ['build/options.test.ts', "presets: { card: 'w=70&format=webp'"],
  breakpoints: ['engine/transforms.test.ts', "breakpoints: { phone: '"],
  shapes: ['build/shapes.test.ts', 'shapes: {'],
  transforms: ['engine/transforms.test.ts', 'transforms: {'],
  attributes: ['templates/jsx.test.ts', "attributes: 'react' "],
  cache: ['build/options.test.ts', 'cache: { maxSize: 3 * bytes }'],
  store: ['queue/bullmq.test.ts', 'store: { remote: store.url, write: true }'],
  queue: ['queue/bullmq.test.ts', 'queue: { redis: redis.url }'],
  concurrency: ['build/determinism.test.ts', 'concurrency: 1'],
  memory: ['build/determinism.test.ts', 'memory: 1 '],
  limits: ['build/errors.test.ts', 'limits: { pixels: 1000 }'],
  manifest: ['build/manifest.test.ts', "manifest: 'meta/pictures.json'"],
  types: ['build/new-url.test.ts', 'types: false'],
  logLevel: ['build/options.test.ts', "logLevel: 'silent' "],
  privacy: ['build/privacy.test.ts', "privacy: 'off' "],
  remote: ['remote/places.test.ts', 'allowing(origin)'],
  onError: ['engine/svg.test.ts', "onError: 'warn' "],
  onJob: ['serve/jobs.test.ts', 'onJob: (job)'],
  overlay: ['e2e/overlay.test.ts', 'overlay: true'],
  report: ['report/report.test.ts', 'report: true '],
  budgets: ['build/budgets.test.ts', 'maxBytes: limit'],
  webhooks: ['build/webhooks.test.ts', 'webhooks: { url: `${origin}/hook`, secret, allowPrivate: true'],
  jobsPort: ['build/watch-jobs.test.ts', 'jobsPort: port'],
  'cache.dir': ['engine/transforms.test.ts', 'dir: join'],
  'cache.maxSize': ['build/options.test.ts', 'maxSize: 3 * bytes '],
  'limits.pixels': ['build/errors.test.ts', 'limits: { pixels: 1000 }'],
  'limits.timeout': ['build/errors.test.ts', 'limits: { timeout: 1 }'],
  'remote.allow': ['remote/places.test.ts', 'allowing(origin)'],
  'remote.allowPrivate': ['remote/fetch.test.ts', 'allowPrivate'],
  'remote.formats': ['remote/places.test.ts', "formats: ['svg']"],
  'remote.maxSize': ['remote/places.test.ts', 'maxSize: 100'],
  'remote.timeout': ['remote/places.test.ts', 'timeout: 300'],
  'report.html': ['report/report.test.ts', "html: 'images.html'"],
  'report.json': ['report/report.test.ts', 'json: false '],
  'store.remote': ['build/shared.test.ts', 'remote: store.url'],
  'store.token': ['build/shared.test.ts', "token: 'reader'"],
  'store.write': ['queue/bullmq.test.ts', 'store: { remote: store.url, write: true }'],
  'store.secret': ['build/shared.test.ts', "secret: 'secret' "],
  'queue.redis': ['queue/bullmq.test.ts', 'queue: { redis: redis.url }'],
  'queue.allowForgetful': ['queue/bullmq.test.ts', 'allowForgetful: true '],
  'webhooks.url': ['build/webhooks.test.ts', 'webhooks: { url: `${origin}/hook`'],
  'webhooks.secret': ['build/webhooks.test.ts', 'new Webhook(secret).verify'],
  'webhooks.on': ['build/webhooks.test.ts', "on: 'job'"],
  'webhooks.allowPrivate': ['build/webhooks.test.ts', 'allowPrivate: true'],
}

/** Of all commands; those of some with their name before it, for they are read in another way there. */
const FLAG_TESTS: Proofs = {
  '--job': ['engine/transforms.test.ts', "'--job"],
  '--stream': ['remote/cli.test.ts', "'--stream"],
  '--json': ['cli/progress.test.ts', "'--json"],
  '--cache': ['build/shared.test.ts', "'--cache"],
  '--store': ['build/shared.test.ts', "'--store"],
  '--store-write': ['build/shared.test.ts', "'--store-write"],
  '--redis': ['queue/bullmq.test.ts', "'--redis"],
  '--allow-forgetful': ['queue/bullmq.test.ts', "'--allow-forgetful"],
  '--concurrency': ['cli/process.test.ts', "'--concurrency"],
  '--memory': ['cli/process.test.ts', "'--memory"],
  '--pixels': ['cli/files.test.ts', "'--pixels"],
  '--timeout': ['cli/files.test.ts', "'--timeout"],
  '--quiet': ['cli/files.test.ts', "'--quiet"],
  '--allow-remote': ['remote/cli.test.ts', "'--allow-remote"],
  '--allow-private': ['remote/cli.test.ts', "'--allow-private"],
  '--out': ['engine/transforms.test.ts', "'--out"],
  '--dry-run': ['cli/facts.test.ts', "'--dry-run"],
  'serve --dir': ['service/cancel.test.ts', "'--dir"],
  'serve --out': ['service/delivery.test.ts', "'--out"],
  'serve --host': ['service/limits.test.ts', "'--host"],
  'serve --port': ['service/retry.test.ts', "'--port"],
  'serve --public-url': ['service/settings.test.ts', "'--public-url"],
  'serve --api-key': ['service/delivery.test.ts', "'--api-key"],
  'serve --cors': ['service/limits.test.ts', "'--cors"],
  'serve --allow-remote': ['remote/cli.test.ts', "'--allow-remote"],
  'serve --allow-private': ['remote/cli.test.ts', "'--allow-private"],
  'serve --allow-private-webhooks': ['service/delivery.test.ts', "'--allow-private-webhooks"],
  'serve --queue-limit': ['service/limits.test.ts', "'--queue-limit"],
  'serve --poll-limit': ['service/limits.test.ts', "'--poll-limit"],
  'serve --attempts': ['service/retry.test.ts', "'--attempts"],
  'serve --max-upload': ['service/limits.test.ts', "'--max-upload"],
  'serve --max-body': ['service/limits.test.ts', "'--max-body"],
  'serve --request-timeout': ['service/limits.test.ts', "'--request-timeout"],
  'serve --result-ttl': ['service/durable.test.ts', "'--result-ttl"],
  'serve --results-size': ['service/limits.test.ts', "'--results-size"],
  'serve --shutdown-grace': ['service/durable.test.ts', "'--shutdown-grace"],
  'serve --cache': ['service/delivery.test.ts', "'--cache"],
  'serve --store': ['service/redis.test.ts', "'--store"],
  'serve --store-write': ['service/delivery.test.ts', "'--store-write"],
  'serve --redis': ['service/redis.test.ts', ' --redis'],
  'serve --allow-forgetful': ['queue/bullmq.test.ts', "'--allow-forgetful"],
  'serve --share': ['service/delivery.test.ts', "'--share"],
  'serve --share-token': ['service/delivery.test.ts', "'--share-token"],
  'serve --share-write-token': ['service/delivery.test.ts', "'--share-write-token"],
  'serve --concurrency': ['service/cancel.test.ts', "'--concurrency"],
  'serve --memory': ['cli/process.test.ts', "'--memory"],
  'serve --pixels': ['service/limits.test.ts', "'--pixels"],
  'serve --timeout': ['service/retry.test.ts', "'--timeout"],
  'serve --quiet': ['service/limits.test.ts', "'--quiet"],
  'serve --config': ['service/settings.test.ts', "'--config"],
  'webhooks --out': ['service/webhooks-cli.test.ts', "'--out"],
  'webhooks --config': ['service/webhooks-cli.test.ts', "'--config"],
  'webhooks --json': ['service/webhooks-cli.test.ts', "'--json"],
  'webhooks --timeout': ['service/webhooks-cli.test.ts', "'--timeout"],
  'webhooks --allow-private-webhooks': ['service/webhooks-cli.test.ts', "'--allow-private-webhooks"],
  'cache --cache': ['cli/cache.test.ts', "'--cache"],
  'cache --json': ['cli/cache.test.ts', "'--json"],
  'cache --max-size': ['cli/cache.test.ts', "'--max-size"],
  'cache --older-than': ['cli/cache.test.ts', "'--older-than"],
  '--html': ['report/report.test.ts', "'--html"],
  '--diff': ['report/report.test.ts', "'--diff"],
  '--check': ['cli/types.test.ts', ' --check'],
}

/** Options of the plugin by their whole names, as the plugin itself reads them. */
function optionNames(): string[] {
  const folder = join(import.meta.dirname, '../src/plugin')
  const text = readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'utf8'))
    .join('\n')
  const tables = [...text.matchAll(/fields\((?:[^()]|\([^)]*\))*?, (?:'([\w.]*)'|`([^`]*)`), \[([^\]]*)\]/g)]
  return tables.flatMap(([, prefix, template = '', names = '']) =>
    [...names.matchAll(/'(\w+)'/g)].map(([, name = '']) => (prefix ?? template.replace('${name}', 'budgets')) + name),
  )
}

async function flagNames(): Promise<string[]> {
  const found = new Set<string>()
  for (const [command, { load }] of Object.entries(COMMANDS))
    for (const [, flag = ''] of (await load()).help.matchAll(/^ {2}(?:-\w, )?(--[a-z][a-z-]*)/gm))
      found.add(['serve', 'webhooks', 'cache'].includes(command) ? `${command} ${flag}` : flag)
  return [...found]
}

test.each([
  ['directive', () => Object.keys(DIRECTIVES), DIRECTIVE_TESTS],
  ['option', optionNames, OPTION_TESTS],
  ['flag', flagNames, FLAG_TESTS],
] as const)('every %s has a test that uses it, and is in the README', async (_, namesOf, proofs) => {
  const names = await namesOf()
  expect(names.length).toBeGreaterThan(30)
  expect(names.toSorted()).toEqual(Object.keys(proofs).toSorted())
  const readme = readFileSync(join(import.meta.dirname, '../README.md'), 'utf8')
  for (const [name, [file, text]] of Object.entries(proofs)) {
    expect(readFileSync(join(import.meta.dirname, file), 'utf8').includes(text), `${text} in ${file} for ${name}`).toBe(true)
    if (!HELP_ONLY.test(name)) expect(readme.includes(name.split(/[ .]/).at(-1) ?? ''), `${name} in the README`).toBe(true)
  }
})

/** Flags are what the help of a command lists. */
const HELP_ONLY = /--/
