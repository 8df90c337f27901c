// What the JSON reports of a folder say: each failure once more, since it stands far above by now, and the counts last.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

const [folder] = process.argv.slice(2)
const reports = readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')))
const sum = (field) => reports.reduce((total, report) => total + report[field], 0)

for (const { name, message, assertionResults } of reports.flatMap(({ testResults }) => testResults)) {
  if (message) console.log(`failed: ${name}\n  ${message}`)
  for (const { status, fullName, failureMessages } of assertionResults) {
    if (!failureMessages?.length) continue
    console.log(`${status === 'passed' ? 'passed only when tried again' : status}: ${name}: ${fullName}`)
    for (const failure of failureMessages)
      console.log(
        failure
          .split('\n')
          .filter((line) => !line.includes('node_modules'))
          .join('\n')
          .replace(/^/gm, '  '),
      )
  }
}
console.log(`${sum('numPassedTests')} passed, ${sum('numFailedTests')} failed, ${sum('numPendingTests')} skipped`)
