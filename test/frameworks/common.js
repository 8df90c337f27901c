/** What every configuration begins with: a copy of all that the plugin says is kept, for some frameworks print none of it. */
export const CONFIG = `import { appendFileSync } from 'node:fs'
import { imagemill } from 'imagemill'
const loggers = new WeakSet()
const log = () => ({
  name: 'log',
  enforce: 'pre',
  configResolved({ logger }) {
    if (loggers.has(logger)) return
    loggers.add(logger)
    const info = logger.info
    logger.info = (text, ...rest) => {
      appendFileSync(${'`${import.meta.dirname}/imagemill.log`'}, text + '\\n')
      return info(text, ...rest)
    }
  },
})`

/** A background, of which there is one on every first page. */
export const STYLE = (image) => `.bg { background: url('${image}?w=90&format=webp'); }`
