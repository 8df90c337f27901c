// Loaded into every process that a test starts under `npm run coverage`: notes what was run of dist/. Node.js could do so itself when
// a process ends, but the processes that make images are killed: they note before they tell of their work.
import { mkdirSync, writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'
import { join } from 'node:path'

const folder = process.env.IMAGEMILL_TRACES
/** Told of at once so often; then now and then, in ms. */
const [OFTEN, PAUSE] = [20, 500]

if (folder) start(folder)

function start(traces) {
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  let count = 0
  let last = 0
  const note = () => {
    session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error) throw error
      const result = answer.result.filter(({ url }) => url.startsWith('file:') && url.includes('/dist/') && !url.includes('/node_modules/'))
      if (result.length === 0) return
      mkdirSync(traces, { recursive: true })
      writeFileSync(join(traces, `${process.pid}-${process.hrtime.bigint()}.json`), JSON.stringify({ result }))
    })
    count++
    last = Date.now()
  }
  const send = process.send?.bind(process)
  if (send)
    process.send = (...args) => {
      if (count < OFTEN || Date.now() - last > PAUSE) note()
      return send(...args)
    }
  // A service that a test kills has no last words either.
  else setInterval(note, PAUSE).unref()
  process.on('exit', note)
}
