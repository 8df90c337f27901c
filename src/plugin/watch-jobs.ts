import { FORMATS } from '../query/directives.ts'
import type { Listening } from '../service/server.ts'
import type { Api } from './api.ts'
import type { BundlerContext, PluginPart } from './bundler.ts'
import { asImagemillError } from '../errors.ts'
import { API_PATH, DEV_PATH, rootOf } from './place.ts'

/** Time that is left to answers when the watcher is closed, in ms. */
const GRACE = 500

/** `<key>.<format>`, as `result_url` names a file. */
const NAME = new RegExp(`^([0-9a-f]{64})\\.(${FORMATS.join('|')})$`)

/** The part that shows the jobs of `vite build --watch`, which has no server that they could be asked of. */
export function watchJobsPart(api: Api): PluginPart {
  let opened: Promise<Listening | undefined> | undefined
  const closing = new AbortController()
  return {
    name: 'imagemill:watch-jobs',
    async buildStart(this: BundlerContext) {
      const config = this.environment?.config
      if (config?.command !== 'build' || !config.build.watch) return
      api.tracksJobs = api.lasts = true
      await (opened ??= open(api, rootOf(this), closing.signal))
    },
    async closeWatcher() {
      closing.abort()
      await (await opened)?.close(GRACE)
      opened = undefined
    },
  }
}

/** What cannot be looked at is built all the same. */
async function open(api: Api, root: string, closing: AbortSignal): Promise<Listening | undefined> {
  const [{ watchServer }, { watchedJobs }] = await Promise.all([import('../service/watch-app.ts'), import('./jobs-view.ts')])
  let url = ''
  try {
    const listening = await watchServer(
      watchedJobs(api, () => `${url}/`, closing),
      {
        port: api.options.jobsPort,
        path: API_PATH,
        files: DEV_PATH,
        fileOf: async (name) => {
          const [, key, format] = NAME.exec(name) ?? []
          const bytes = key && (await api.pipeline(root).find(key))
          return bytes ? { bytes, type: `image/${format}` } : undefined
        },
      },
    )
    url = listening.url
    api.report.info(`jobs at ${url}/${API_PATH}/v1/jobs`)
    return listening
  } catch (error) {
    api.report.warn(`${asImagemillError(error).reason}. The jobs of this build cannot be asked for; choose another \`jobsPort\`.`)
    return undefined
  }
}
