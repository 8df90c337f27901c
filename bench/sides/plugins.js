import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

/**
 * Vite and the plugin of a side, both from where that side is installed. Loading them is part of what is measured,
 * so only what is used is loaded.
 */
export async function load(side) {
  const home = side === 'ours' ? '../../package.json' : '../package.json'
  const require = createRequire(new URL(home, import.meta.url))
  const vite = await import(pathToFileURL(require.resolve('vite')).href)
  if (side === 'none') return { vite, plugins: [] }
  if (side === 'ours') {
    const { imagemill } = await import('../../dist/index.js')
    return { vite, plugins: [imagemill({ logLevel: 'silent' })] }
  }
  const { imagetools } = await import('vite-imagetools')
  return { vite, plugins: [imagetools()] }
}
