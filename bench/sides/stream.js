// The command line as a script would use it: jobs go in, records come out.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { task } from './report.js'

mkdirSync(task.root, { recursive: true })
const jobs = JSON.parse(readFileSync(task.list, 'utf8'))
const cli = fileURLToPath(new URL('../../dist/cli.js', import.meta.url))
const child = spawn(process.execPath, [cli, 'process', '--stream', '--quiet', '--cache', 'cache'], {
  cwd: task.root,
  stdio: ['pipe', 'pipe', 'inherit'],
})
let text = ''
child.stdout.setEncoding('utf8').on('data', (chunk) => (text += chunk))
const closed = once(child, 'close')
for (const { input, width, output } of jobs) {
  const job = { operation: 'convert', input, output, w: width, format: 'webp', ...task.encoding }
  if (!child.stdin.write(`${JSON.stringify(job)}\n`)) await once(child.stdin, 'drain')
}
child.stdin.end()
const [code] = await closed
const records = text
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))
if (code !== 0 || records.length !== jobs.length || records.some(({ outputs }, index) => outputs[0].path !== jobs[index].output))
  throw new Error(`the stream ended with ${code} and ${records.length} records`)
