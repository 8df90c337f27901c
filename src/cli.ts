#!/usr/bin/env node
import { main } from './commands/main.ts'

// Nothing is to be waited for any longer, such as the rest of an input that nobody reads.
process.exit(await main(process.argv.slice(2)))
