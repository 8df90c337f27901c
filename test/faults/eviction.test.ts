import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { sweep } from '../../src/store/sweep.ts'
import { buildVite, digestsOf, filesOf } from '../support/build.ts'
import { runCli } from '../support/cli.ts'
import { damagedFiles, entryFiles } from '../support/entries.ts'
import { rounds, seeded } from '../support/faults.ts'
import { CACHE, gallery } from '../support/gallery.ts'
import { jpeg } from '../support/images.ts'
import { startBuild } from '../support/processes.ts'
import { project } from '../support/project.ts'

const options = { manifest: false as const, logLevel: 'warn' as const }
const ROUNDS = rounds(2, 20)

test.each(['clear', 'prune'])(`\`cache ${'%s'}\` at any moment of a build, ${ROUNDS} times: all files are made`, async (action) => {
  const { root } = await gallery()
  const clean = await buildVite(root, { options })
  const random = seeded(4)
  const args = ['cache', action, ...(action === 'prune' ? ['--max-size', '1', '--older-than', '0s'] : [])]
  for (let round = 0; round < ROUNDS; round++) {
    // In every other round there is something to be lost before it is used.
    if (round % 2 === 0) rmSync(join(root, CACHE), { recursive: true, force: true })
    let over = false
    const { ended } = startBuild(root, { options })
    const faults: string[] = []
    const disturbing = (async () => {
      while (!over) {
        await sleep(random() * 1000)
        const { code, stderr } = await runCli(root, args)
        if (code !== 0) faults.push(stderr)
      }
    })()
    const { code, output } = await ended
    over = true
    await disturbing
    expect({ round, code, output, faults }).toEqual({ round, code: 0, output: expect.not.stringMatching(/^imagemill: /m), faults: [] })
    expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
    expect(damagedFiles(join(root, CACHE))).toEqual([])
  }
})

test('a cache that is swept again and again while a build writes to it: all files are made', async () => {
  const { root } = await gallery({ photos: 6, query: 'w=16;24;32;48&format=webp;jpeg', px: 64 })
  const clean = await buildVite(root, { options })
  const { ended } = startBuild(root, { options: { ...options, cache: { dir: 'other' } } })
  let over = false
  void ended.then(() => (over = true))
  while (!over) {
    await sweep(join(root, 'other'), 1)
    await sleep(5)
  }
  expect(await ended).toMatchObject({ code: 0 })
  expect(digestsOf(filesOf(join(root, 'dist')))).toEqual(digestsOf(clean))
})

/** Bytes of all files below a folder. */
function sizeOf(folder: string): number {
  const items = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : []
  return items.filter((item) => item.isFile()).reduce((sum, item) => sum + statSync(join(item.parentPath, item.name)).size, 0)
}

test('a limit of 5 MB with four times as much work: never a tenth above it after a build, and what was used last stays', async () => {
  const MB = 1_000_000
  const { root, write } = project({ 'index.html': '<script type="module" src="/main.js"></script>' })
  const cache = join(root, CACHE)
  let total = 0
  let since = 0
  for (let build = 1; build <= 5; build++) {
    const names = Array.from({ length: 5 }, (_, index) => `photo-${build}-${index}.jpg`)
    for (const [index, name] of names.entries()) write(name, await jpeg(400, 400, build * 10 + index))
    const imports = names.map((name, index) => `import p${index} from './${name}?w=340;370;400&format=png&as=url'`)
    write('main.js', `${imports.join('\n')}\ndocument.title = [${names.map((_, index) => `p${index}`).join(', ')}]`)
    since = Date.now()
    const files = await buildVite(root, { options: { ...options, cache: { maxSize: 5 * MB } } })
    const made = [...files].filter(([name]) => name.endsWith('.png'))
    expect(made).toHaveLength(15)
    total += made.reduce((sum, [, bytes]) => sum + bytes.length, 0)
    expect(sizeOf(cache)).toBeLessThan(5.5 * MB)
    expect(damagedFiles(cache)).toEqual([])
  }
  expect(total).toBeGreaterThan(20 * MB)
  const images = entryFiles(cache, 'ac').filter((path) => readFileSync(path, 'utf8').includes('"blob"'))
  expect(images.filter((path) => statSync(path).mtimeMs > since - 20)).toHaveLength(15)
  // Of the build before, what there is room for.
  expect(images.length).toBeLessThan(30)
})
