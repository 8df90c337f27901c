// The inspector is one page with everything in it; its own images are made by the plugin that was just built.
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'vite'

const root = new URL('../', import.meta.url)

/** Most bytes of the page, compressed. */
const MOST = 100_000

export async function writeInspector() {
  const { imagemill } = await import('../dist/index.js')
  const { output } = await build({
    configFile: false,
    logLevel: 'warn',
    root: fileURLToPath(new URL('src/inspector/app', root)),
    base: './',
    plugins: [imagemill({ logLevel: 'warn', types: false, manifest: false })],
    build: { write: false, modulePreload: false, target: 'es2022' },
  })
  const page = inOnePage(output)
  const size = gzipSync(page).length
  if (size > MOST) throw new Error(`the inspector has ${size} bytes, compressed: expected at most ${MOST}`)
  mkdirSync(new URL('dist/inspector', root), { recursive: true })
  writeFileSync(new URL('dist/inspector/page.html', root), page)
}

function inOnePage(output) {
  const left = new Map(output.map((file) => [file.fileName, String(file.code ?? file.source)]))
  const take = (name) => {
    const text = left.get(name)
    if (text === undefined) throw new Error(`the page of the inspector names ${name}, which was not built`)
    left.delete(name)
    return text
  }
  const keep = (list, text) => {
    list.push(text)
    return ''
  }
  const styles = []
  const scripts = []
  const html = take('index.html')
    .replace(/\s*<link rel="stylesheet"[^>]* href="\.\/([^"]+)"[^>]*>/g, (_, name) => keep(styles, take(name)))
    .replace(/\s*<script type="module"[^>]* src="\.\/([^"]+)"[^>]*><\/script>/g, (_, name) => keep(scripts, take(name)))
    .replace('</head>', () => `${styles.map((text) => `<style>${text.trim()}</style>`).join('')}</head>`)
    .replace(
      '</body>',
      () => `${scripts.map((text) => `<script type="module">${text.replaceAll('</script', '<\\/script')}</script>`).join('')}</body>`,
    )
  if (left.size > 0) throw new Error(`the inspector has files besides its page: ${[...left.keys()].join(', ')}`)
  return html
}
