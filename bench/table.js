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

function amount(value, unit) {
  return `${value >= 100 ? Math.round(value) : digits(value)} ${unit}`
}
