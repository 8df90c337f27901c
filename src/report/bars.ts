import { escapeHtml } from './escape.ts'

/** One row of a plot: a name, what it comes to in words, and the parts of its bar, which are drawn beside each other. */
export interface Bar {
  name: string
  value: string
  parts: readonly { amount: number; kind: 'before' | 'after' | 'first' | 'time' }[]
}

const WIDTH = 240
const HEIGHT = 14

/** A table whose rows have bars of one scale, so that what is drawn is also there as text. */
export function barsTable(caption: string, heads: readonly [string, string], bars: readonly Bar[]): string {
  const most = Math.max(1, ...bars.map(({ parts }) => parts.reduce((sum, { amount }) => sum + amount, 0)))
  const rows = bars.map(
    ({ name, value, parts }) =>
      `<tr><th scope="row">${escapeHtml(name)}</th><td class="bar">${bar(parts, most)}</td><td class="number">${escapeHtml(value)}</td></tr>`,
  )
  return `<table><caption>${escapeHtml(caption)}</caption><thead><tr><th scope="col">${escapeHtml(heads[0])}</th><td></td><th scope="col" class="number">${escapeHtml(heads[1])}</th></tr></thead><tbody>${rows.join('')}</tbody></table>`
}

function bar(parts: Bar['parts'], most: number): string {
  let x = 0
  const drawn = parts.map(({ amount, kind }) => {
    const width = (amount / most) * WIDTH
    const rect = `<rect class="${kind}" x="${round(x)}" y="0" width="${round(Math.max(width, amount > 0 ? 1 : 0))}" height="${HEIGHT}" rx="2"/>`
    x += width
    return rect
  })
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" aria-hidden="true">${drawn.join('')}</svg>`
}

function round(number: number): number {
  return Math.round(number * 10) / 10
}
