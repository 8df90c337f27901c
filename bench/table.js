import { digits } from './statistics.js'

/** The rows as the table of the README. */
export function table(rows) {
  const lines = rows.map(({ what, unit, most, aim, rival, ours, also = {} }) => {
    const beside = Object.entries(also).map(([name, value]) => `; ${name}: ${digits(value)}`)
    return `| ${what} | ${amount(rival, unit)} | ${amount(most, unit)} | ${amount(aim, unit)} | **${amount(ours, unit)}**${beside.join('')} |`
  })
  return ['| | rival today | must reach | aim for | measured |', '| --- | --- | --- | --- | --- |', ...lines].join('\n')
}

/** Rows that are worse than they must be. */
export function misses(rows) {
  return rows.filter(({ most, ours }) => !(ours <= most))
}

/** What has no rival is not a number, which is null once it has been written. */
export function amount(value, unit) {
  if (value === null || Number.isNaN(value)) return ''
  return `${value >= 100 ? Math.round(value) : digits(value)} ${unit}`
}
