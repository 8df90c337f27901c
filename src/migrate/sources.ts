import { withoutComments } from '../module/comments.ts'
import type { Finding } from './finding.ts'
import { reviewPackage } from './options.ts'
import { reviewQuery } from './queries.ts'

/** An image with a query, in quotes; within other quotes, the inner ones are those of its name. */
const IMAGE = /(['"`])([^'"`\n\\]*?\.(?:avif|gif|hei[cf]|jfif|jpe?g|png|svg|tiff?|webp)\?([^'"`\n\\]*))\1/gi

/** What goes before the name of an image that is imported. */
const IMPORT = /(?:\bfrom|\bimport|\bimport\s*\()\s*(?:\/\*.*?\*\/\s*)?$/

const GLOB = /import\.meta\.glob\b[^;]*?\bquery\s*:\s*(?:(['"`])\??([^'"`\n]*)\1|\{([^{}]*)\})/g

const PAIR = /(['"]?)([\w.]+)\1\s*:\s*(?:(['"`])([^'"`\n]*)\3|([\w.]+))/g

/** The patterns that the generated types bring with them. */
const AMBIENT = /declare\s+module\s+(['"])(\*[^'"]*[?&]as=(?:url|srcset|img|picture|metadata))\1/g

/** Everything in a source file that vite-imagetools takes otherwise; `shaped` says that defaults give a shape to all imports. */
export function reviewSource(source: string, shaped: boolean): Finding[] {
  const text = withoutComments(source)
  const images = [...text.matchAll(IMAGE)].flatMap(({ index, 2: what = '', 3: query = '' }) => {
    const exported = !shaped && IMPORT.test(text.slice(Math.max(0, index - 80), index))
    return changesOf(index + 1, what, query, exported)
  })
  const globs = [...text.matchAll(GLOB)].flatMap(({ 0: call, index, 2: query, 3: pairs = '' }) => {
    const at = index + call.search(/query\s*:/)
    return changesOf(at, 'import.meta.glob', query ?? queryOf(pairs), !shaped)
  })
  const ambient = [...text.matchAll(AMBIENT)].map(({ index, 2: what = '' }) => ({
    index,
    must: true,
    what,
    change: 'a pattern that imagemill brings with it',
    instead: 'Leave it out: `imagemill.d.ts` has it.',
  }))
  return [...reviewPackage(text), ...images, ...globs, ...ambient].sort((a, b) => a.index - b.index)
}

/** Whether the options of a plugin in this text say what all imports export. */
export function givesShape(source: string): boolean {
  const text = withoutComments(source)
  return /\b(?:imagetools|imagemill)\s*\(/.test(text) && /\bas(?:=|['"]?\s*[:,]\s*['"])(?:url|srcset|img|picture|meta)/.test(text)
}

function changesOf(index: number, what: string, query: string, exported: boolean): Finding[] {
  if (query.includes('${'))
    return [
      {
        index,
        must: false,
        what,
        change: 'a query that is put together at run time',
        instead: 'It has to be text that a bundler can read.',
      },
    ]
  return reviewQuery({ query, exported }).map((change) => ({ index, what, ...change }))
}

function queryOf(pairs: string): string {
  return [...pairs.matchAll(PAIR)].map(({ 2: key = '', 4: text, 5: word }) => pairText(key, text ?? word ?? '')).join('&')
}

function pairText(key: string, value: string): string {
  return value === '' || value === 'true' ? key : `${key}=${encodeURIComponent(value)}`
}
