// A known load to check `measure` against: this process and its children burn CPU time, hold memory, and note what they really
// used; the children outlive their parent.
import { fork } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { task } from './report.js'

for (let index = 0; index < task.children; index++) fork(process.argv[1], [childTask(index)], { env: { ...process.env, BENCH_REPORT: '' } })
const held = Buffer.alloc(task.megabytes * 1024 * 1024, 1)
const used = () => Object.values(process.cpuUsage()).reduce((sum, microseconds) => sum + microseconds) / 1000
while (used() < task.self_ms);
writeFileSync(join(task.notes, `${process.pid}.json`), JSON.stringify({ cpu_ms: used(), bytes: held.length }))
process.exit(0)

function childTask(index) {
  const given = join(task.notes, `task-${index}`)
  writeFileSync(given, JSON.stringify({ ...task, self_ms: task.child_ms, children: 0 }))
  return given
}
