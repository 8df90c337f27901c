// Builds the playground from real photographs and says where to look.
import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const root = fileURLToPath(new URL('../playground', import.meta.url))
await build({ root, logLevel: 'warn', customLogger: quietLogger() })
console.log(`
The site is in playground/dist, the record of every image in playground/dist/.vite/imagemill.json.
  npx vite preview playground    shows it
  npm run play                   shows it on the dev server, where images are made when they are first seen`)

/** Vite's list of a few hundred files says less than imagemill's summary. */
function quietLogger() {
  const print = (message) => console.log(message)
  const seen = new Set()
  return {
    info: (message) => (message.includes('imagemill') ? print(message) : undefined),
    warn: print,
    warnOnce: (message) => (seen.has(message) ? undefined : print(message), seen.add(message)),
    error: print,
    clearScreen() {},
    hasErrorLogged: () => false,
    hasWarned: false,
  }
}
