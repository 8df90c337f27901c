import { CONFIG, STYLE } from './common.js'

export const nuxt = {
  name: 'nuxt',
  packages: ['nuxt@^4', 'vue@^3', 'vue-router@^5'],
  files: {
    'nuxt.config.js': `${CONFIG}
export default defineNuxtConfig({
  telemetry: false,
  devtools: { enabled: false },
  vite: { plugins: [log(), imagemill()], build: { assetsInlineLimit: 0 } },
  app: { head: { link: [{ rel: 'icon', href: 'data:,' }] } },
})
`,
    'app/app.vue': '<template><NuxtPage /></template>\n',
    'app/pages/index.vue': `<script setup>
import photo from '../../src/images/a.jpg?w=30;60&format=webp'
const url = useState('url')
if (import.meta.server) url.value = (await import('../../src/images/b.jpg?w=51&as=url')).default
</script>
<template>
  <div>
    <img id="shared" v-bind="photo.img" sizes="60px" alt="">
    <img id="markup" src="../../src/images/a.jpg?w=40;80&format=avif;webp" sizes="80px" alt="">
    <img id="server" :src="url" alt="">
    <p class="bg">text</p>
    <NuxtLink to="/about">about</NuxtLink>
  </div>
</template>
<style>${STYLE('../../src/images/a.jpg')}</style>
`,
    'app/pages/about.vue': '<template><img id="about" src="../../src/images/b.jpg?w=44" alt=""></template>\n',
  },
  build: ['nuxt', 'build'],
  serve: { file: '.output/server/index.mjs' },
  dev: ['nuxt', 'dev'],
  pages: { '/': { shared: 60, markup: 80, server: 51 } },
  link: { about: 44 },
}
