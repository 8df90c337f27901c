import { CONFIG, STYLE } from './common.js'

export const astro = {
  name: 'astro',
  packages: ['astro@^7', '@astrojs/node@^11', '@astrojs/mdx@^8'],
  files: {
    'astro.config.mjs': `${CONFIG}
import { defineConfig } from 'astro/config'
import node from '@astrojs/node'
import mdx from '@astrojs/mdx'
export default defineConfig({
  output: 'server',
  adapter: node({ mode: 'standalone' }),
  integrations: [mdx()],
  devToolbar: { enabled: false },
  vite: { plugins: [log(), imagemill()], build: { assetsInlineLimit: 0 } },
})
`,
    'src/pages/index.astro': `---
import photo from '../images/a.jpg?w=30;60&format=webp'
import url from '../images/b.jpg?w=51&as=url'
---
<html lang="en"><head><link rel="icon" href="data:,"><title>Images</title></head><body>
<img id="shared" {...photo.img} sizes="60px" alt="">
<img id="server" src={url} alt="">
<img id="client" alt="">
<p class="bg">text</p>
<a href="/about">about</a>
<style>${STYLE('../images/a.jpg')}</style>
<script>
import photo from '../images/a.jpg?w=80&format=webp'
document.querySelector('#client').src = photo.src
</script>
</body></html>
`,
    'src/pages/about.mdx': 'import photo from \'../images/b.jpg?w=44\'\n\n# A page\n\n<img id="about" {...photo.img} alt="" />\n',
    'src/pages/fixed.astro': `---
import photo from '../images/b.jpg?w=47'
export const prerender = true
---
<html lang="en"><head><link rel="icon" href="data:,"><title>Images</title></head><body><img id="fixed" {...photo.img} alt=""></body></html>
`,
  },
  build: ['astro', 'build'],
  serve: { file: 'dist/server/entry.mjs' },
  dev: ['astro', 'dev'],
  pages: { '/': { shared: 60, server: 51, client: 80 }, '/fixed': { fixed: 47 } },
  link: { about: 44 },
}
