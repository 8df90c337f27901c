import type { Report } from '../contract/report.ts'
import { sizeText } from '../units.ts'

interface Change {
  kind: 'added' | 'removed' | 'grown' | 'shrunk'
  name: string
  before: number | undefined
  after: number | undefined
}

/** Rows of a table; what changed least is left out. */
const ROWS = 50

/** What has changed between two builds, as Markdown for a pull request. */
export function diffText(old: Report, now: Report): string {
  const changes = changesOf(filesOf(old), filesOf(now))
  const pages = changesOf(entriesOf(old), entriesOf(now))
  const count = (kind: Change['kind']): number => changes.filter((change) => change.kind === kind).length
  const counts = (['added', 'removed', 'grown', 'shrunk'] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${count(kind)} ${kind}`)
  const total = row('**total**', old.outputs.size_bytes, now.outputs.size_bytes)
  return [
    '### Images\n',
    changes.length === 0
      ? `No image has changed: ${now.outputs.files} files, ${sizeText(now.outputs.size_bytes)}.\n`
      : `${counts.join(', ')}; ${old.outputs.files} files before, ${now.outputs.files} after.\n\n${table('image', changes, [total])}`,
    ...(pages.length > 0 ? [`\n${table('page (most that it can load)', pages)}`] : []),
  ].join('\n')
}

function table(title: string, changes: readonly Change[], last: readonly string[] = []): string {
  const sorted = changes.toSorted((a, b) => Math.abs(differenceOf(b)) - Math.abs(differenceOf(a)))
  const more = sorted.length > ROWS ? [`| and ${sorted.length - ROWS} more with smaller changes | | | | |`] : []
  return [
    `| ${title} | | before | after | change |`,
    '| --- | --- | ---: | ---: | ---: |',
    ...sorted.slice(0, ROWS).map(({ name, before, after, kind }) => row(code(name), before, after, kind)),
    ...more,
    ...last,
    '',
  ].join('\n')
}

function row(name: string, before: number | undefined, after: number | undefined, kind = ''): string {
  const size = (bytes: number | undefined): string => (bytes === undefined ? '' : sizeText(bytes))
  return `| ${name} | ${kind} | ${size(before)} | ${size(after)} | ${changeText(before, after)} |`
}

function changeText(before = 0, after = 0): string {
  const difference = after - before
  if (difference === 0) return '0'
  const percent = before > 0 && after > 0 ? ` (${sign(difference)}${Math.abs((difference / before) * 100).toFixed(1)} %)` : ''
  return `${sign(difference)}${sizeText(Math.abs(difference))}${percent}`
}

function sign(number: number): string {
  return number < 0 ? '−' : '+'
}

function changesOf(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name): Change[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old === undefined) return [{ kind: 'added', name, before: old, after: now }]
    if (now === undefined) return [{ kind: 'removed', name, before: old, after: now }]
    return old === now ? [] : [{ kind: now > old ? 'grown' : 'shrunk', name, before: old, after: now }]
  })
}

function differenceOf({ before = 0, after = 0 }: Change): number {
  return after - before
}

/** Files by what they show: their names have a hash in them, and a query may say in other words what it said before. */
function filesOf({ images }: Report): Map<string, number> {
  const files = new Map<string, number>()
  const seen = new Set<string>()
  for (const { source, files: own } of images) {
    for (const { path, format, width, height, size_bytes } of own) {
      if (seen.has(path)) continue
      seen.add(path)
      const name = `${source.path} ${format} ${width}×${height}`
      let unique = name
      for (let copy = 2; files.has(unique); copy++) unique = `${name} (${copy})`
      files.set(unique, size_bytes)
    }
  }
  return files
}

function entriesOf({ entries }: Report): Map<string, number> {
  return new Map((entries ?? []).map(({ name, size_bytes }) => [name, size_bytes]))
}

/** A name as code in a table, whatever is in it. */
function code(text: string): string {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text.replaceAll('|', '\\|').replaceAll(/\s/g, ' ')}${fence}`
}
