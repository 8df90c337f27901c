import { jpeg } from './images.ts'
import { project, type Project } from './project.ts'

/** A page with some photographs, each in every width and format. */
export async function gallery({
  photos = 4,
  query = 'w=16;24;32&format=webp;jpeg;png',
  px = 48,
}: { photos?: number; query?: string; px?: number } = {}): Promise<Project> {
  const names = Array.from({ length: photos }, (_, index) => `photo-${index}.jpg`)
  const images = await Promise.all(names.map((_, index) => jpeg(px, px, index + 1)))
  return project({
    'index.html': '<script type="module" src="/main.js"></script>',
    'main.js': [
      ...names.map((name, index) => `import p${index} from './${name}?${query}'`),
      `document.title = JSON.stringify([${names.map((_, index) => `p${index}`).join(', ')}])`,
    ].join('\n'),
    ...Object.fromEntries(names.map((name, index) => [name, images[index] ?? Buffer.alloc(0)])),
  })
}

/** Where `gallery` has its cache. */
export const CACHE = 'node_modules/.cache/imagemill'
