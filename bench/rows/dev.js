import { existsSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { interleave } from '../interleave.js'
import { measure } from '../measure.js'
import { twelveMegapixels } from '../photos.js'
import { median } from '../statistics.js'
import { components, folderOf, imports, queryOf } from '../tools.js'

/** Photographs per server; each is cold once. */
const EACH = 2
const WANTED = { widths: [320, 640, 1280], formats: ['avif', 'webp', 'jpeg'] }
const SIDES = {
  imagemill: { side: 'ours', write: imports },
  'vite-imagetools': { side: 'rival', write: imports },
  '@sveltejs/enhanced-img': { side: 'enhanced', write: components },
  '@11ty/eleventy-img': { side: 'eleventy', write: pages },
  ipx: { side: 'ipx', write: () => undefined },
}

/** What a developer waits for: a module, and each image the first and the second time it is asked for. */
export async function dev(bench) {
  const { work, node, rounds } = bench
  const photos = await twelveMegapixels(work, EACH + 1)
  const [warm = '', ...cold] = photos.map((file) => basename(file))
  const query = queryOf(WANTED)
  const run = ({ side, write }) => ({
    run: () => {
      const root = folderOf(work, `dev-${side}`, photos)
      writeFileSync(join(root, 'index.html'), '<!doctype html>\n<title>bench</title>\n<script type="module" src="/main.js"></script>\n')
      write(root, photos, query)
      // Vite makes what a script imports before it is asked for: the page has none of the photographs that are to be cold.
      if (existsSync(join(root, 'main.js'))) writeFileSync(join(root, 'main.js'), '')
      return measure(node, 'dev', { side, root, warm, photos: cold, query, outputs: 9, ...WANTED }, root)
    },
  })
  const sides = Object.fromEntries(Object.entries(SIDES).map(([name, side]) => [name, run(side)]))
  const runs = await interleave('dev', Math.ceil(rounds * 0.6), sides)
  const said = (name, read) => median(runs[name].flatMap(({ said: facts }) => read(facts)))
  const moduleMs = (name) => said(name, ({ modules }) => modules.map(({ ms }) => ms))
  const ours = runs.imagemill
  const processes = Math.max(...ours.flatMap(({ said: { modules } }) => modules.map((module) => module.processes)))
  const requests = Object.keys(SIDES).map((name) => ({
    name,
    module_ms: moduleMs(name),
    first_ms: said(name, ({ first_ms }) => first_ms),
    slowest_first_ms: median(runs[name].map(({ said: { first_ms } }) => Math.max(...first_ms))),
    second_ms: said(name, ({ second_ms }) => second_ms),
  }))
  return {
    runs,
    facts: { requests },
    rows: [
      {
        what: 'dev: cold module of a 12 MP photograph, 3 widths × 3 formats',
        unit: 'ms',
        most: 30,
        aim: 5,
        rival: moduleMs('vite-imagetools'),
        ours: moduleMs('imagemill'),
        also: { 'worker processes started, so images decoded': processes },
      },
      {
        what: 'dev: second GET of an output',
        unit: 'ms',
        most: 5,
        aim: 1,
        rival: said('vite-imagetools', ({ second_ms }) => second_ms),
        ours: said('imagemill', ({ second_ms }) => second_ms),
      },
    ],
  }
}

/** A page for each photograph, and one of its own, as Eleventy has them. */
function pages(root, photos) {
  const page = (permalink, body) => `---\npermalink: ${permalink}\n---\n${body}\n`
  writeFileSync(join(root, 'index.html'), page('/', '<title>bench</title>'))
  for (const file of photos)
    writeFileSync(
      join(root, `${basename(file, '.jpg')}.html`),
      page(`/${basename(file, '.jpg')}/`, `<img src="./photos/${basename(file)}" sizes="100vw" alt="">`),
    )
}
