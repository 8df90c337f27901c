import type MagicString from 'magic-string'

/** A part of a code and the text that takes its place. */
export interface Edit {
  start: number
  end: number
  text: string
}

export interface Edited {
  code: string
  map?: ReturnType<MagicString['generateMap']>
}

/** Puts texts, in their order, into a code. What makes source maps is loaded only for those who want one. */
export async function applyEdits(code: string, edits: readonly Edit[], sourcemap: boolean): Promise<Edited> {
  if (sourcemap) {
    const { default: Editor } = await import('magic-string')
    const edited = new Editor(code)
    for (const { start, end, text } of edits) {
      if (start === end) edited.appendLeft(start, text)
      else edited.update(start, end, text)
    }
    return { code: edited.toString(), map: edited.generateMap({ hires: 'boundary' }) }
  }
  return { code: joinEdits(code, edits) }
}

export function joinEdits(code: string, edits: readonly Edit[]): string {
  let edited = ''
  let done = 0
  for (const { start, end, text } of edits) {
    edited += code.slice(done, start) + text
    done = end
  }
  return edited + code.slice(done)
}
