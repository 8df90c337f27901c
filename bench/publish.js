// node bench/publish.js: the page, the plots and the README's tables anew from results/raw, without measuring anything.
import { fileURLToPath } from 'node:url'
import { writePage } from './page.js'

process.stdout.write(`${writePage(fileURLToPath(new URL('results', import.meta.url)), { publish: true })}\n`)
