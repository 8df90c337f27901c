import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/** Finds where files name images; each file is read once. */
export interface ImportLines {
  /** The line that names an image, counted from 1; undefined where it is put together by code, or the file is no file. */
  find(importer: string, image: { file: string; query: string }): number | undefined
  /** How a file writes the name of an image, without its query; undefined where it does not. */
  specifier(importer: string, image: { file: string; query: string }): string | undefined
  /** Whether a file still says anything that may name the image. */
  names(importer: string, image: { file: string; query: string }): boolean
}

const GLOB = 'import.meta.glob'

export function openImportLines(): ImportLines {
  const texts = new Map<string, string | undefined>()
  const read = (importer: string): string | undefined => {
    const file = importer.replace(/\?.*$/s, '')
    if (!texts.has(file)) texts.set(file, readText(file))
    return texts.get(file)
  }
  return {
    find(importer, { file, query }) {
      const text = read(importer)
      if (text === undefined) return undefined
      const traces = [...(query === '' ? [] : [`${basename(file)}?${query}`, query]), basename(file)]
      const found = traces.map((trace) => text.indexOf(trace)).find((at) => at >= 0) ?? globFor(query, text)
      return found === undefined ? undefined : text.slice(0, found).split('\n').length
    },
    specifier(importer, { file, query }) {
      const text = read(importer)
      const trace = query === '' ? basename(file) : `${basename(file)}?${query}`
      const at = text?.indexOf(trace) ?? -1
      return text === undefined || at < 0 ? undefined : `${/[^'"`\s()=,]*$/.exec(text.slice(0, at))?.[0] ?? ''}${basename(file)}`
    },
    names(importer, { query }) {
      const text = read(importer)
      return text === undefined || text.includes(GLOB) || text.includes('${') || plain(text).includes(plain(query))
    },
  }
}

/** Text without the ways in which pages and addresses write a query otherwise. */
function plain(text: string): string {
  return text.replaceAll('&amp;', '&').replace(/%[0-7][0-9a-f]/gi, (code) => String.fromCharCode(Number.parseInt(code.slice(1), 16)))
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // It may be virtual, or gone by now.
    return undefined
  }
}

/** The glob whose options say the most of a query; undefined when two say as much. */
function globFor(query: string, text: string): number | undefined {
  const words = [...new URLSearchParams(query)].flatMap(([name, value]) => (value === '' ? [`${name}:`] : [value]))
  const parts = text.split(GLOB)
  let [at, best] = [parts[0]?.length ?? 0, { score: -1, at: 0, only: true }]
  for (const part of parts.slice(1)) {
    const score = words.filter((word) => part.includes(word)).length
    if (score > best.score) best = { score, at, only: true }
    else if (score === best.score) best.only = false
    at += GLOB.length + part.length
  }
  return best.score >= 0 && best.only ? best.at : undefined
}
