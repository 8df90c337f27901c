import { load } from './plugins.js'
import { task } from './report.js'

const { vite, plugins } = await load(task.side, task.files)
await vite.build({ root: task.root, configFile: false, logLevel: 'silent', plugins, build: { assetsInlineLimit: 0 } })
