import sharp from 'sharp'
import { describe, expect, test } from 'vitest'
import { VITE_NAMES, buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

describe.each(VITE_NAMES)('%s', (version) => {
  test('makes every width in every format, and nothing that is not used', async () => {
    const { root } = project({
      'index.html': '<script type="module" src="/main.js"></script>',
      'main.js':
        "import hero from './photo.jpg?w=80;160&format=webp;jpeg'\nimport unused from './photo.jpg?w=33&format=png'\ndocument.title = JSON.stringify(hero)",
      'photo.jpg': await jpeg(300, 200),
    })
    const files = await buildVite(root, { version })
    const images = [...files.keys()].filter((name) => /\.(webp|jpeg|png)$/.test(name))
    expect(images.map((name) => name.replace(/-[\w-]{8}\./, '.')).sort()).toEqual([
      'assets/photo-160.jpeg',
      'assets/photo-160.webp',
      'assets/photo-80.jpeg',
      'assets/photo-80.webp',
    ])
    for (const name of images) {
      const { width, height, format } = await sharp(files.get(name)).metadata()
      expect({ width, height, format }).toEqual(
        name.includes('-80-')
          ? { width: 80, height: 53, format: name.split('.').pop() }
          : { width: 160, height: 107, format: name.split('.').pop() },
      )
    }
  })
})
