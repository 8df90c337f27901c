import { fileURLToPath } from 'node:url'
import { imagemill } from 'imagemill'
import { defineConfig } from 'vite'

// the photographs ship with three MIT-licensed themes, so none is copied into this repository
function photographs(theme: string): string {
  return fileURLToPath(new URL(`../node_modules/startbootstrap-${theme}/dist/assets/img`, import.meta.url))
}

export default defineConfig({
  root: import.meta.dirname,
  resolve: {
    alias: {
      '@clean-blog': photographs('clean-blog'),
      '@landing-page': photographs('landing-page'),
      '@portfolio': photographs('stylish-portfolio'),
    },
  },
  plugins: [
    imagemill({
      presets: { card: 'w=320;640&aspect=3:2&format=webp;jpeg' },
      // its patterns are in src/images.d.ts: most of its imports come from globs
      types: false,
      // as in style.css, where the wide pictures become tall ones
      breakpoints: { narrow: '(max-width: 45rem)' },
    }),
  ],
})
