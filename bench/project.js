import { linkSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/**
 * A project whose page imports every photograph with the query; without photographs it is the same page without images.
 * @returns {{ root: string, cool(): void }} `cool` removes what earlier builds have left
 */
export function project(work, name, photos, query) {
  const root = join(work, 'projects', name)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(join(root, 'photos'), { recursive: true })
  for (const file of photos) linkSync(file, join(root, 'photos', basename(file)))
  const imports = photos.map((file, index) => `import photo${index} from './photos/${basename(file)}?${query}'\n`)
  write(root, 'main.js', `${imports.join('')}console.log(${photos.map((_, index) => `photo${index}`).join(', ')})\n`)
  write(root, 'index.html', '<!doctype html>\n<title>bench</title>\n<script type="module" src="/main.js"></script>\n')
  write(root, 'package.json', '{ "private": true, "type": "module" }\n')
  return { root, cool: () => ['dist', 'node_modules'].forEach((folder) => rmSync(join(root, folder), { recursive: true, force: true })) }
}

function write(root, name, text) {
  writeFileSync(join(root, name), text)
}
