import { ImagemillError } from '../errors.ts'
import type { Pipeline } from '../pipeline.ts'
import { sizeText } from '../units.ts'
import type { Api, Used } from './api.ts'
import type { Budget } from './budget-options.ts'
import type { ChunkGraph } from './entries.ts'
import { fittingOf } from './fitting.ts'
import { openImportLines } from './import-lines.ts'
import { imageOf } from './load.ts'
import { pathBelow } from './path-below.ts'
import { distinct, shippedBy, weighEntries, type Shipped } from './shipped.ts'

/** Something that a budget weighs. */
interface Subject {
  name: string
  /** What `match` is about. */
  path: string
  files: Shipped[]
}

/** A budget that is exceeded. */
interface Excess {
  budget: Budget
  subject: Subject
  limit: number
  actual: number
}

/** Most that are told of, largest first, and most files of which a fitting quality is looked for. */
const TOLD = 20
const SOUGHT = 12
/** Files that are named of what is too large as a whole. */
const NAMED = 4

/** Weighs what a bundle ships: what is too heavy is one error, or one warning, that says what would fit. */
export async function checkBudgets(used: Used, graph: ChunkGraph | undefined, api: Api, root: string): Promise<void> {
  const { budgets } = api.options
  if (budgets.length === 0) return
  const shipped = await shippedBy(used, api, root)
  if (shipped.length === 0) return
  const found = budgets.flatMap((budget) => exceeding(budget, subjectsOf(budget, { shipped, used, graph, root })))
  const telling: Telling = { pipeline: api.pipeline(root), importer: importersOf(api, root) }
  const [errors, warnings] = (['error', 'warn'] as const).map((severity) => found.filter(({ budget }) => budget.severity === severity))
  if (warnings && warnings.length > 0) api.report.warn((await errorOf(warnings, telling)).message)
  if (errors && errors.length > 0) throw await errorOf(errors, telling)
}

/** What is needed to say what would fit, and who asks for a file. */
interface Telling {
  pipeline: Pipeline
  importer(file: Shipped): string
}

/** Names the first importer of a file, with its line where it can be found. */
function importersOf({ importers }: Api, root: string): Telling['importer'] {
  const lines = openImportLines()
  return ({ job }) => {
    const image = { file: job.source.file, query: job.written }
    const importer = importers.get(imageOf(image))
    if (importer === undefined) return ''
    const line = lines.find(importer, image)
    return `imported by ${pathBelow(root, importer.replace(/\?.*$/s, ''))}${line === undefined ? '' : `:${line}`}`
  }
}

interface Weighing {
  shipped: readonly Shipped[]
  used: Used
  graph: ChunkGraph | undefined
  root: string
}

function subjectsOf({ on, matches, formats }: Budget, { shipped, used, graph, root }: Weighing): Subject[] {
  const isWeighed = ({ output }: Shipped): boolean => formats.includes(output.encoding.format)
  const single = (files: readonly Shipped[]): Subject[] =>
    distinct(files).map((file) => ({ name: `${file.job.name} (${file.path})`, path: sourceOf(file, root), files: [file] }))
  const subjects = {
    output: () => single(shipped),
    candidate: () => single(shipped.filter(isCandidate)),
    import: () => [...byImport(shipped)].map(([name, files]) => ({ name, path: sourceOf(files[0], root), files: distinct(files) })),
    entry: () =>
      (graph ? weighEntries(shipped.filter(isWeighed), used, graph) : []).map(({ name, files }) => ({ name, path: name, files })),
  }[on]()
  return subjects
    .map((subject) => ({ ...subject, files: subject.files.filter(isWeighed) }))
    .filter(({ path, files }) => files.length > 0 && matches(path))
}

function byImport(files: readonly Shipped[]): Map<string, Shipped[]> {
  const imports = new Map<string, Shipped[]>()
  for (const file of files) imports.set(file.job.name, [...(imports.get(file.job.name) ?? []), file])
  return imports
}

function sourceOf(file: Shipped | undefined, root: string): string {
  return file ? pathBelow(root, file.job.source.file) : ''
}

/** Whether a browser chooses between this file and others of its format. */
function isCandidate({ job, output }: Shipped): boolean {
  return job.plan.views.some(
    ({ outputs }) =>
      outputs.some(({ key }) => key === output.key) &&
      outputs.filter(({ encoding }) => encoding.format === output.encoding.format).length > 1,
  )
}

function exceeding(budget: Budget, subjects: readonly Subject[]): Excess[] {
  const each = subjects.map((subject) => ({ budget, subject, limit: budget.maxBytes, actual: bytesOf(subject.files) }))
  const files = distinct(subjects.flatMap((subject) => subject.files))
  const names = { output: 'all files', candidate: 'all candidates', import: 'all imports', entry: 'all entries' }
  const all = { budget, subject: { name: names[budget.on], path: '', files }, limit: budget.maxTotal, actual: bytesOf(files) }
  return [...each, all].filter(({ limit, actual }) => actual > limit).sort((a, b) => b.actual - a.actual)
}

function bytesOf(files: readonly Shipped[]): number {
  return files.reduce((sum, { size_bytes }) => sum + size_bytes, 0)
}

async function errorOf(found: readonly Excess[], telling: Telling): Promise<ImagemillError> {
  let left = SOUGHT
  const told = found.slice(0, TOLD).map((excess) => {
    const files = excess.subject.files.toSorted((a, b) => b.size_bytes - a.size_bytes).slice(0, NAMED)
    const sought = left >= files.length ? files : []
    left -= sought.length
    return linesOf(excess, files, sought, telling)
  })
  const lines = (await Promise.all(told)).flat()
  const more = found.length > TOLD ? [`and ${found.length - TOLD} more`] : []
  return new ImagemillError({
    code: 'BUDGET_EXCEEDED',
    message: `${found.length === 1 ? 'a budget is' : `${found.length} budgets are`} exceeded`,
    lines: [...lines, ...more],
    hint: 'Write the quality that is named into the query, ask for smaller sizes, or raise the budget in the options of the plugin.',
  })
}

async function linesOf(
  { budget, subject, limit, actual }: Excess,
  files: readonly Shipped[],
  sought: readonly Shipped[],
  { pipeline, importer }: Telling,
): Promise<string[]> {
  const head = `${subject.name}: ${sizes(actual, limit)}, ${budget.name}`
  // What is too large as a whole fits when each file gives up the same share of its bytes.
  const fitting = async (file: Shipped): Promise<string> =>
    sought.includes(file) ? await fittingText(file, (file.size_bytes * limit) / actual, pipeline) : ''
  const [only] = files
  const by = (file: Shipped, indent: string): string[] => (importer(file) === '' ? [] : [`${indent}${importer(file)}`])
  if (only && subject.files.length === 1) return [`${head}${await fitting(only)}`, ...by(only, '  ')]
  const lines = await Promise.all(
    files.map(async (file) => [
      `  ${file.job.name} (${file.path}): ${sizeText(file.size_bytes)}${await fitting(file)}`,
      ...by(file, '    '),
    ]),
  )
  const rest = subject.files.length - files.length
  return [head, ...lines.flat(), ...(rest > 0 ? [`  and ${rest} smaller ${rest === 1 ? 'file' : 'files'}`] : [])]
}

/** Exact where a rounded size would look as if it were within the budget. */
function sizes(actual: number, limit: number): string {
  const isNear = sizeText(actual) === sizeText(limit)
  const [is, may] = isNear ? [`${actual} bytes`, `${limit} bytes`] : [sizeText(actual), sizeText(limit)]
  return `${is}, at most ${may} allowed`
}

async function fittingText(file: Shipped, limit: number, pipeline: Pipeline): Promise<string> {
  const { quality, size } = await fittingOf(file, limit, pipeline)
  const { format } = file.output.encoding
  const share = sizeText(Math.floor(limit))
  if (quality !== undefined) return `; ${format}.quality=${quality} is the largest quality that fits into ${share}`
  return `; no quality fits into ${share}${size === undefined ? '' : `, ${size} would`}`
}
