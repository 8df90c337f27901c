#!/usr/bin/env node
import { main } from './commands/main.ts'
import { systemCode } from './errors.ts'

// Whoever does not read on has what they wanted.
process.stdout.on('error', (error) => {
  if (systemCode(error) !== 'EPIPE') throw error
})
// Nothing is to be waited for any longer, such as the rest of an input that nobody reads.
process.exit(await main(process.argv.slice(2)))
