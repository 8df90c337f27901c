import { readFileSync, readdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

/**
 * Vite and the plugin of a side, both from where that side is installed. Loading them is part of what is measured,
 * so only what is used is loaded.
 */
export async function load(side, files) {
  const home = side === 'ours' || side === 'files' ? '../../package.json' : '../package.json'
  const require = createRequire(new URL(home, import.meta.url))
  const vite = await import(pathToFileURL(require.resolve('vite')).href)
  if (side === 'none') return { vite, plugins: [] }
  if (side === 'files') return { vite, plugins: [emitter(files)] }
  if (side === 'ours') {
    const { imagemill } = await import('../../dist/index.js')
    return { vite, plugins: [imagemill({ logLevel: 'silent' })] }
  }
  const { imagetools } = await import('vite-imagetools')
  return { vite, plugins: [imagetools()] }
}

/** The least that any plugin has to do for the same files: hand over bytes that it has. */
function emitter(folder) {
  return {
    name: 'files',
    renderChunk() {
      for (const name of readdirSync(folder))
        this.emitFile({ type: 'asset', fileName: `assets/${name}`, source: readFileSync(join(folder, name)) })
      return null
    },
  }
}
