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
  return { vite, plugins: await PLUGINS[side](files) }
}

const PLUGINS = {
  none: () => [],
  files: (folder) => [emitter(folder)],
  ours: async () => {
    const { imagemill } = await import('../../dist/index.js')
    return [imagemill({ logLevel: 'silent' })]
  },
  rival: async () => {
    const { imagetools } = await import('vite-imagetools')
    return [imagetools()]
  },
  enhanced: async () => {
    const [{ enhancedImages }, { svelte }] = await Promise.all([import('@sveltejs/enhanced-img'), import('@sveltejs/vite-plugin-svelte')])
    return [enhancedImages(), svelte({ configFile: false })]
  },
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
