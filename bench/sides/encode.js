// Every picture in every format and quality by one tool, through what its users call, at the size that the picture has.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { task } from './report.js'

const { side, root, pictures, qualities, out } = task
mkdirSync(out, { recursive: true })
const nameOf = (file, format, quality) => join(out, `${basename(file, '.png')}-${quality}.${format}`)
const wanted = pictures.flatMap((file) =>
  Object.entries(qualities).flatMap(([format, list]) =>
    list.map((quality) => ({ file, format, quality, to: nameOf(file, format, quality) })),
  ),
)
await SIDES()[side]()

function SIDES() {
  return { imagemill, 'vite-imagetools': imagetools, '@11ty/eleventy-img': eleventy, ipx }
}

async function imagemill() {
  const { openEngine } = await import('../quality/engine.js')
  const engine = openEngine(root)
  for (const { file, format, quality, to } of wanted) {
    const { bytes } = await engine.make(file, `format=${format}${quality === 'default' ? '' : `&quality=${quality}`}`)
    writeFileSync(to, bytes)
  }
  await engine.close()
}

/** A build whose module says which file is which. */
async function imagetools() {
  const { load } = await import('./plugins.js')
  const { vite, plugins } = await load('rival')
  mkdirSync(root, { recursive: true })
  for (const file of pictures) copyFileSync(file, join(root, basename(file)))
  const lines = wanted.map(({ file, format, quality }, index) => {
    const query = `format=${format.replace('jpeg', 'jpg')}${quality === 'default' ? '' : `&quality=${quality}`}&as=url`
    return `export { default as url${index} } from './${basename(file)}?${query}'\n`
  })
  writeFileSync(join(root, 'main.js'), lines.join(''))
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }\n')
  const build = { ssr: join(root, 'main.js'), emitAssets: true, assetsInlineLimit: 0 }
  await vite.build({ root, configFile: false, logLevel: 'silent', plugins, build })
  const urls = await import(pathToFileURL(join(root, 'dist/main.js')).href)
  for (const [index, { to }] of wanted.entries()) copyFileSync(join(root, 'dist', urls[`url${index}`]), to)
}

async function eleventy() {
  const { default: Image } = await import('@11ty/eleventy-img')
  const key = { avif: 'sharpAvifOptions', webp: 'sharpWebpOptions', jpeg: 'sharpJpegOptions' }
  for (const { file, format, quality, to } of wanted) {
    const options = quality === 'default' ? {} : { [key[format]]: { quality } }
    const made = await Image(file, { widths: ['auto'], formats: [format], dryRun: true, ...options })
    writeFileSync(to, made[format][0].buffer)
  }
}

async function ipx() {
  const { createIPX, ipxFSStorage } = await import('ipx')
  const ask = createIPX({ storage: ipxFSStorage({ dir: join(pictures[0], '..') }) })
  for (const { file, format, quality, to } of wanted) {
    const { data } = await ask(basename(file), { f: format, ...(quality === 'default' ? {} : { q: String(quality) }) }).process()
    writeFileSync(to, data)
  }
}
