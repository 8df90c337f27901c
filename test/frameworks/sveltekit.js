import { CONFIG, STYLE } from './common.js'

export const sveltekit = {
  name: 'sveltekit',
  packages: ['@sveltejs/kit@^3', '@sveltejs/adapter-node@^6', '@sveltejs/vite-plugin-svelte@^7', 'svelte@^5', 'vite@^8'],
  files: {
    'vite.config.js': `${CONFIG}
import adapter from '@sveltejs/adapter-node'
import { sveltekit } from '@sveltejs/kit/vite'
export default { plugins: [log(), imagemill(), sveltekit({ adapter: adapter() })], build: { assetsInlineLimit: 0 } }
`,
    'src/app.html':
      '<!doctype html><html lang="en"><head><link rel="icon" href="data:,">%sveltekit.head%</head><body><div>%sveltekit.body%</div></body></html>',
    'src/routes/+page.server.js': "import url from '../images/b.jpg?w=51&as=url'\nexport const load = () => ({ url })\n",
    'src/routes/+page.svelte': `<script>
  import photo from '../images/a.jpg?w=30;60&format=webp'
  let { data } = $props()
</script>
<img id="shared" {...photo.img} sizes="60px" alt="">
<img id="markup" src="../images/a.jpg?w=40;80&format=avif;webp" sizes="80px" alt="">
<img id="server" src={data.url} alt="">
<p class="bg">text</p>
<a href="/about">about</a>
<style>${STYLE('../images/a.jpg')}</style>
`,
    'src/routes/about/+page.svelte': `<img id="about" src="../../images/b.jpg?w=44" alt="">\n`,
    'src/routes/fixed/+page.js': 'export const prerender = true\n',
    'src/routes/fixed/+page.svelte': `<img id="fixed" src="../../images/b.jpg?w=47" alt="">\n`,
  },
  build: ['vite', 'build'],
  serve: { file: 'build/index.js' },
  dev: ['vite', 'dev'],
  pages: { '/': { shared: 60, markup: 80, server: 51 }, '/fixed': { fixed: 47 } },
  link: { about: 44 },
}
