import { linkSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { measure } from './measure.js'

/**
 * The tools that are compared, each as its own documentation sets it up, with nothing of it turned off and its own defaults.
 * A tool makes its project for photographs and says how a build of it runs, with nothing left of earlier ones and with all of it.
 * @typedef {{ cold: () => Promise<import('./measure.js').Measured>, warm: () => Promise<import('./measure.js').Measured> }} Runs
 * @typedef {{ widths: number[], formats: string[] }} Wanted
 * @type {Record<string, (bench: any, name: string, photos: string[], wanted: Wanted) => Runs>}
 */
export const TOOLS = {
  imagemill: vite('ours', imports),
  'vite-imagetools': vite('rival', imports),
  // One component for each photograph: within one component its images are made one after another.
  '@sveltejs/enhanced-img': vite('enhanced', components),
  '@11ty/eleventy-img': eleventy,
  ipx,
}

/** What sharp does when it is not told otherwise, and so what the others do. */
const USUAL = {
  avif: '&avif.quality=50&avif.effort=4',
  webp: '&webp.quality=80&webp.effort=4',
  jpeg: '&jpeg.quality=80&jpeg.effort=0&jpeg.progressive=false',
}

/** imagemill with the settings of the others, so that what is not encoding can be compared. */
export function withUsualSettings(bench, name, photos, wanted) {
  return TOOLS.imagemill(bench, `${name}-usual`, photos, { ...wanted, more: wanted.formats.map((format) => USUAL[format]).join('') })
}

export function queryOf({ widths, formats, more = '' }) {
  return `w=${widths.join(';')}&format=${formats.join(';').replace('jpeg', 'jpg')}${more}`
}

function vite(side, write) {
  return ({ work, node }, name, photos, wanted) => {
    const root = folderOf(work, `${name}-${side}`, photos)
    writeFileSync(join(root, 'index.html'), '<!doctype html>\n<title>bench</title>\n<script type="module" src="/main.js"></script>\n')
    write(root, photos, queryOf(wanted))
    const warm = () => {
      rmSync(join(root, 'dist'), { recursive: true, force: true })
      return counted(measure(node, 'build', { side, root }, root), join(root, 'dist/assets'), photos, wanted)
    }
    return { cold: () => cooled(join(root, 'node_modules'), warm), warm }
  }
}

export function imports(root, photos, query) {
  const lines = photos.map((file, index) => `import photo${index} from './photos/${basename(file)}?${query}'\n`)
  writeFileSync(join(root, 'main.js'), `${lines.join('')}console.log(${photos.map((_, index) => `photo${index}`).join(', ')})\n`)
}

export function components(root, photos, query) {
  const names = photos.map((file) => basename(file, '.jpg').replace(/\W/g, ''))
  for (const [index, file] of photos.entries())
    writeFileSync(join(root, `${names[index]}.svelte`), `<enhanced:img src="./photos/${basename(file)}?${query}" sizes="100vw" alt="" />\n`)
  const lines = names.map((name) => `import ${name} from './${name}.svelte'\n`)
  writeFileSync(join(root, 'main.js'), `${lines.join('')}console.log(${names.join(', ')})\n`)
}

/** The function that its plugins for Eleventy call, without Eleventy itself. What is on disk is its cache. */
function eleventy({ work, node }, name, photos, wanted) {
  const root = folderOf(work, `${name}-eleventy`, photos)
  const out = join(root, 'img')
  const warm = () => counted(measure(node, 'eleventy', { files: filesIn(root, photos), out, ...wanted }, root), out, photos, wanted)
  return { cold: () => cooled(out, warm), warm }
}

/** A server that is asked for every output by eight connections. It keeps nothing, so that a second time costs what the first did. */
function ipx({ work, node }, name, photos, wanted) {
  const root = folderOf(work, `${name}-ipx`, photos)
  const out = join(root, 'answers')
  const run = () =>
    cooled(out, () => {
      mkdirSync(out)
      return counted(
        measure(node, 'ipx', { dir: join(root, 'photos'), files: filesIn(root, photos), out, ...wanted }, root),
        out,
        photos,
        wanted,
      )
    })
  return { cold: run, warm: run }
}

export function folderOf(work, name, photos) {
  const root = join(work, 'tools', name)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'photos'), { recursive: true })
  for (const file of photos) linkSync(file, join(root, 'photos', basename(file)))
  writeFileSync(join(root, 'package.json'), '{ "private": true, "type": "module" }\n')
  return root
}

function filesIn(root, photos) {
  return photos.map((file) => join(root, 'photos', basename(file)))
}

function cooled(folder, run) {
  rmSync(folder, { recursive: true, force: true })
  return run()
}

/** A side that has made less than all is not measured. */
async function counted(measured, folder, photos, { widths, formats }) {
  const run = await measured
  const images = readdirSync(folder).filter((name) => /\.(?:avif|webp|jpe?g)$/.test(name))
  const expected = photos.length * widths.length * formats.length
  if (images.length !== expected) throw new Error(`${folder} has ${images.length} images, not ${expected}`)
  return { ...run, bytes: images.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) }
}
