// The command line with work done by others.
import { main } from '../../dist/commands/main.js'
import { task } from './report.js'

process.chdir(task.root)
const code = await main(task.args)
if (code !== 0) throw new Error(`the command ended with ${code}`)
