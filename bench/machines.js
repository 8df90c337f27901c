// node bench/machines.js [--images=50000 --workers=16 …]: how long a build takes on many machines, and what it waits for.
// A calculation, not a measurement: its figures come from `npm run bench -- workers` and from the options.
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    images: { type: 'string', default: '50000' },
    /** Machines, and images that each of them works on at a time: one a CPU. */
    workers: { type: 'string', default: '16' },
    cpus: { type: 'string', default: '4' },
    /** CPU ms of a worker for one image with all its outputs, and of the build that asks for it and fetches it. */
    'worker-ms': { type: 'string', default: '700' },
    'build-ms': { type: 'string', default: '30' },
    /** kB of a source and its outputs together; each goes to the store once and comes from it once. */
    kilobytes: { type: 'string', default: '3000' },
    /** Mbit/s of the machine that the store is on, and of the one that builds. */
    'store-mbit': { type: 'string', default: '10000' },
    'build-mbit': { type: 'string', default: '1000' },
    /** Redis commands an image (adding, taking, renewing, ending, telling), and those that it does in a second. */
    commands: { type: 'string', default: '40' },
    'redis-commands': { type: 'string', default: '50000' },
    /** Part of the workers' time that is lost: starts, the last images, a worker that dies (its work is done anew after 8 s). */
    lost: { type: 'string', default: '0.1' },
  },
})
const of = (name) => Number(values[name])
const images = of('images')
const seconds = {
  'CPUs of the workers': (images * of('worker-ms')) / 1000 / (of('workers') * of('cpus')) / (1 - of('lost')),
  'CPU of the build': (images * of('build-ms')) / 1000,
  'line of the build': (images * of('kilobytes') * 8) / 1000 / of('build-mbit'),
  'line of the store': (2 * images * of('kilobytes') * 8) / 1000 / of('store-mbit'),
  Redis: (images * of('commands')) / of('redis-commands'),
}
const [slowest] = Object.entries(seconds).sort((a, b) => b[1] - a[1])
process.stdout.write(
  `${images} images on ${of('workers')} workers of ${of('cpus')} CPUs: ${minutes(slowest[1])}, as long as the ${slowest[0]} takes.\n`,
)
process.stdout.write(
  `One machine of ${of('cpus')} CPUs: ${minutes((images * of('worker-ms')) / 1000 / of('cpus'))}.\n\nAll go on at the same time:\n`,
)
for (const [what, time] of Object.entries(seconds)) process.stdout.write(`  ${what.padEnd(22)} ${minutes(time)}\n`)
process.stdout.write(
  `\nAssumed:\n${Object.entries(values)
    .map(([name, value]) => `  --${name}=${value}\n`)
    .join('')}`,
)

function minutes(time) {
  return `${(time / 60).toFixed(1)} min`
}
