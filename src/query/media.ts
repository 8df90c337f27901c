import { FORMATS, isDirective } from './directives.ts'

/** Words that a media query may hold outside of its parentheses. */
const WORDS = /^(?:\s|,|\b(?:screen|print|all|and|or|not|only)\b)*$/i

/** Whether a text is a media query such as `(max-width: 600px)`: a browser would take a wrong one for one that never matches. */
export function isMediaQuery(text: string): boolean {
  if (text.trim() === '' || /["{};@]/.test(text)) return false
  let rest = text
  // From the inside out: `(not (hover))` is `(not all)`, and that is `all`.
  for (let before = ''; before !== rest;) {
    before = rest
    rest = rest.replace(/\(\s*[^()\s][^()]*\)/g, ' all ')
  }
  return WORDS.test(rest)
}

/** Whether a key such as `phone.w` can begin with a name and mean nothing else. */
export function isBreakpointName(name: string): boolean {
  return /^[a-z][\w-]*$/i.test(name) && !isDirective(name) && !FORMATS.some((format) => format === name) && name !== 'jpg'
}
