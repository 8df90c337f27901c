const STRING_OR_COMMENT = /(['"`])(?:\\.|(?!\1)[^\\\n])*\1|\/\/[^\n]*|\/\*[\s\S]*?\*\/|<!--[\s\S]*?-->/g

/** A source text with blanks where its comments are, so that places stay where they were. What is in quotes is no comment. */
export function withoutComments(text: string): string {
  return text.replace(STRING_OR_COMMENT, (found) => (/^['"`]/.test(found) ? found : found.replace(/[^\n]/g, ' ')))
}

/** Line and column of a place in a text, both from 1. */
export function positionAt(text: string, index: number): { line: number; column: number } {
  const before = text.slice(0, index)
  return { line: before.split('\n').length, column: index - before.lastIndexOf('\n') }
}
