import { onTestFinished } from 'vitest'
import type * as vite from 'vite'
import { VITES, buildVite } from './build.ts'
import { startDev, type DevSettings } from './dev.ts'

/** How a site is brought to a browser: by the dev server, or built and previewed. */
export const WAYS = ['dev', 'build and preview'] as const

/** Address of the site at `root`. */
export async function siteAt(way: (typeof WAYS)[number], root: string, settings: DevSettings = {}): Promise<string> {
  const base = settings.config?.base ?? '/'
  if (way === 'dev') return (await startDev(root, settings)).origin + base
  await buildVite(root, settings)
  const { version = 'vite 8', config = {} } = settings
  const preview = VITES[version].preview as typeof vite.preview
  const server = await preview({ configFile: false, logLevel: 'silent', ...config, root, preview: { host: '127.0.0.1', port: 0 } })
  onTestFinished(() => server.close())
  return new URL(base, server.resolvedUrls?.local[0] ?? '').href
}
