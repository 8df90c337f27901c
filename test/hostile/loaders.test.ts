import { join } from 'node:path'
import sharp from 'sharp'
import { expect, test } from 'vitest'
import { buildVite } from '../support/build.ts'
import { jpeg, photo } from '../support/images.ts'
import { project } from '../support/project.ts'
import { KINDS } from '../support/sources.ts'

/** A build whose only image is composited with a file, which so has to be read where images are decoded. */
async function buildWith(name: string, content?: Uint8Array): Promise<unknown> {
  const { root, write } = project({
    'a.jpg': await jpeg(60, 40),
    'main.js': "import a from './a.jpg?w=20&format=png&transform=mark'\nglobalThis.answer = a",
    'mark.js': `export default (image) => image.composite([{ input: new URL('./${name}', import.meta.url).pathname, left: 0, top: 0 }])`,
  })
  if (content) write(name, content)
  else await photo(8, 8).toFile(join(root, name))
  return buildVite(root, {
    options: { transforms: { mark: './mark.js' } },
    config: { build: { rollupOptions: { input: join(root, 'main.js') } } },
  })
}

test('libvips loads the formats of sources where images are made', async () => {
  for (const kind of ['jpeg', 'png', 'webp', 'avif', 'gif', 'tiff', 'svg'] as const)
    await buildWith(`mark.${kind}`, await KINDS[kind](8, 8))
})

test('and no other one that it knows', async () => {
  // Here, where nothing is blocked, it can be read.
  const file = join(project().root, 'mark.v')
  await photo(8, 8).toFile(file)
  expect((await sharp(file).metadata()).format).toBe('vips')
  await expect(buildWith('mark.v')).rejects.toThrow(/unsupported image format/)
})
