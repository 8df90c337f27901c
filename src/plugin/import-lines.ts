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

/** What the name of a file goes on with, before and behind. */
const WORD = /[\p{L}\p{N}_.-]/u
const MORE = /[\p{L}\p{N}_?&;=%+-]/u

/** How far before a query the string that it is in may begin, in characters. */
const FAR = 500

export function openImportLines(): ImportLines {
  const texts = new Map<string, { raw: string; text: string } | undefined>()
  const read = (importer: string): { raw: string; text: string } | undefined => {
    const file = importer.replace(/\?.*$/s, '')
    if (!texts.has(file)) texts.set(file, readText(file))
    return texts.get(file)
  }
  return {
    find(importer, image) {
      const text = read(importer)?.text
      if (text === undefined) return undefined
      const found = nameIn(text, image) ?? partIn(text, image.query) ?? fileIn(text, image) ?? globFor(image.query, text)
      return found === undefined ? undefined : text.slice(0, found).split('\n').length
    },
    specifier(importer, { file, query }) {
      const raw = read(importer)?.raw
      const trace = query === '' ? basename(file) : `${basename(file)}?${query}`
      const at = raw?.indexOf(trace) ?? -1
      return raw === undefined || at < 0 ? undefined : `${/[^'"`\s()=,]*$/.exec(raw.slice(0, at))?.[0] ?? ''}${basename(file)}`
    },
    names(importer, image) {
      const text = read(importer)?.text
      return text === undefined || text.includes(GLOB) || /[$#]\{/.test(text) || nameIn(text, image) !== undefined
    },
  }
}

/** Where a text names a file together with its query, and no other one whose name begins or ends like that. */
function nameIn(text: string, { file, query }: { file: string; query: string }): number | undefined {
  const name = plain(query === '' ? basename(file) : `${basename(file)}?${query}`)
  return positions(text, name).find((at) => !WORD.test(text.charAt(at - 1)) && !MORE.test(text.charAt(at + name.length)))
}

/** Where the query stands alone or behind a name that code puts together: behind another name it is of another image. */
function partIn(text: string, query: string): number | undefined {
  if (query === '') return undefined
  return positions(text, plain(query)).find((at) => /(?:['"`]\??|(?:\}|\*)[^'"`\s]*)$/.test(text.slice(Math.max(0, at - FAR), at)))
}

/** Where the file is named alone, as in the list of a glob. */
function fileIn(text: string, { file, query }: { file: string; query: string }): number | undefined {
  return query === '' ? undefined : nameIn(text, { file, query: '' })
}

function positions(text: string, part: string): number[] {
  const found: number[] = []
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) found.push(at)
  return found
}

/** Text without the ways in which pages, strings and addresses write a name or a query otherwise; its lines stay. */
function plain(text: string): string {
  return text
    .replace(/&(?:amp|#38|#x26);/gi, '&')
    .replace(/\\(?=['"`])/g, '')
    .replace(/(?:%[2-9a-f][0-9a-f])+/gi, (encoded) => {
      try {
        return decodeURIComponent(encoded)
      } catch {
        return encoded
      }
    })
}

function readText(file: string): { raw: string; text: string } | undefined {
  try {
    const raw = readFileSync(file, 'utf8')
    return { raw, text: plain(raw) }
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
