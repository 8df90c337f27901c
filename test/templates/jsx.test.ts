import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import mdx from '@mdx-js/rollup'
import solid from 'vite-plugin-solid'
import { expect, test, vi } from 'vitest'
import { buildVite } from '../support/build.ts'
import { candidatesOf, componentProject, elementsIn, render, type RenderSettings } from '../support/components.ts'

const APP = `import photo from './a.jpg?w=40;80&format=avif;webp'
export const App = () => (
  <picture>
    {photo.sources.map((source) => <source {...source} sizes="40px" KEY />)}
    <img {...photo.img} alt="" />
  </picture>
)
`
const keyed = APP.replace('KEY', 'key={source.type}')

/** A library of components: what turns JSX into calls, and how it renders on the server. */
interface Library {
  files: Record<string, string>
  packages: string[]
  settings: RenderSettings
  plugins(): ReturnType<Parameters<typeof render>[1]>
}

const LIBRARIES: Record<string, Library> = {
  React: {
    packages: ['react', 'react-dom'],
    files: {
      'App.jsx': keyed,
      'main.js':
        "import { createElement } from 'react'\nimport { createRoot } from 'react-dom/client'\nimport { App } from './App.jsx'\ncreateRoot(document.querySelector('#app')).render(createElement(App))",
      'server.js':
        "import { createElement } from 'react'\nimport { renderToString } from 'react-dom/server'\nimport { App } from './App.jsx'\nexport const render = () => renderToString(createElement(App))",
    },
    settings: { options: { attributes: 'react' } },
    plugins: () => [],
  },
  Preact: {
    packages: ['preact', 'preact-render-to-string'],
    files: {
      'App.jsx': keyed,
      'main.js': "import { h, render } from 'preact'\nimport { App } from './App.jsx'\nrender(h(App), document.querySelector('#app'))",
      'server.js':
        "import { h } from 'preact'\nimport { renderToString } from 'preact-render-to-string'\nimport { App } from './App.jsx'\nexport const render = () => renderToString(h(App))",
    },
    settings: { config: { oxc: { jsx: { importSource: 'preact' } } } },
    plugins: () => [],
  },
  Solid: {
    packages: ['solid-js'],
    files: {
      'App.jsx': APP.replace(' KEY', ''),
      'main.js': "import { render } from 'solid-js/web'\nimport { App } from './App.jsx'\nrender(App, document.querySelector('#app'))",
      'server.js':
        "import { renderToString } from 'solid-js/web'\nimport { App } from './App.jsx'\nexport const render = () => renderToString(App)",
    },
    settings: {},
    plugins: () => [solid({ ssr: true })],
  },
}

test.each(Object.entries(LIBRARIES))(
  '%s takes the attributes of an image as they are',
  async (name, { files, packages, settings, plugins }) => {
    const { root } = await componentProject(packages, files)
    const errors = vi.spyOn(console, 'error')
    const { html, widthOf, files: built } = await render(root, plugins, settings)
    // React tells of attributes that it has another name for.
    expect(errors).not.toHaveBeenCalled()
    errors.mockRestore()
    const [avif, webp, img] = elementsIn(html, 'source', 'img').map((each) => ({ ...each, set: each['srcset'] ?? each['srcSet'] }))
    expect(avif).toMatchObject({ type: 'image/avif', sizes: '40px' })
    expect(webp).toMatchObject({ type: 'image/webp' })
    expect(img).toMatchObject({ width: '80', height: '53', set: webp?.set })
    for (const { set } of [avif, webp].filter((each) => each !== undefined))
      expect(await Promise.all(candidatesOf(set).map(async ([address, descriptor]) => [await widthOf(address), descriptor]))).toEqual([
        [40, '40w'],
        [80, '80w'],
      ])
    expect([...built.keys()].filter((file) => /\.(?:avif|webp)$/.test(file))).toHaveLength(4)
    expect(name === 'React' ? html.includes('srcSet="') : html.includes('srcset="')).toBe(true)
  },
)

test('MDX shows imported images, by component and by attribute', async () => {
  const { root } = await componentProject(['react', 'react-dom'], {
    'Page.mdx':
      'import photo from \'./a.jpg?w=40;80\'\nimport small from \'./a.jpg?w=30&as=url\'\n\n# A page\n\n<img {...photo.img} alt="one" />\n\n<Photo image={photo} />\n<img src={small} alt="small" />\n',
    'main.js': "import Page from './Page.mdx'\nconsole.log(Page)",
    'server.js':
      "import { createElement } from 'react'\nimport { renderToStaticMarkup } from 'react-dom/server'\nimport Page from './Page.mdx'\nconst Photo = ({ image }) => createElement('img', { ...image.img, className: 'photo', alt: 'two' })\nexport const render = () => renderToStaticMarkup(createElement(Page, { components: { Photo } }))",
  })
  const { html, widthOf } = await render(root, () => [mdx()], { options: { attributes: 'react' } })
  const [one, two, small] = elementsIn(html, 'img')
  expect(one).toMatchObject({ width: '80', srcSet: expect.stringMatching(/ 40w, \S+ 80w$/) })
  expect(two).toMatchObject({ src: one?.['src'], class: 'photo' })
  expect(await widthOf(one?.['src'])).toBe(80)
  expect(await widthOf(small?.['src'])).toBe(30)
})

test('the types say how the attributes are written', async () => {
  const { root } = await componentProject([], { 'main.js': "import photo from './a.jpg?w=40;80'\nconsole.log(photo)\n" })
  await buildVite(root, { options: { attributes: 'react', types: true } })
  const types = readFileSync(join(root, 'imagemill.d.ts'), 'utf8')
  expect(types).toMatch(
    /img: \{ src: string; srcSet: string; width: 80; height: 53 \}; sources: \[\{ type: "image\/jpeg"; srcSet: string \}\]/,
  )
  expect(types).toContain("const image: import('imagemill').ReactImage\n")
  expect(types).not.toMatch(/import\('imagemill'\)\.Image\b/)
})
