// One build in a process of its own: node build-once.js <root> <options of the plugin as JSON> <output folder>
import { imagemill } from 'imagemill'
import { build } from 'vite'

const [root, options = '{}', outDir = 'dist'] = process.argv.slice(2)
const given = JSON.parse(options)
const logLevel = given.logLevel === 'info' ? 'info' : 'warn'
await build({ configFile: false, logLevel, root, build: { outDir }, plugins: [imagemill(given)] })
process.stdout.write('built\n')
