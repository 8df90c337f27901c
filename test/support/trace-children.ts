import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

// Node.js reads this when it starts: the processes that a test starts note what they ran, this one is counted by vitest.
process.env['NODE_OPTIONS'] = `--import=${pathToFileURL(join(import.meta.dirname, 'trace.js')).href}`
