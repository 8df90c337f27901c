import { CONFIG, STYLE } from './common.js'

export const tanstackStart = {
  name: 'tanstack-start',
  packages: ['react@^19', 'react-dom@^19', '@tanstack/react-router@^1', '@tanstack/react-start@^1', '@vitejs/plugin-react@^6', 'vite@^8'],
  files: {
    'vite.config.js': `${CONFIG}
import { tanstackStart } from '@tanstack/react-start/plugin/vite'
import react from '@vitejs/plugin-react'
export default { plugins: [log(), imagemill({ attributes: 'react' }), tanstackStart(), react()], build: { assetsInlineLimit: 0 } }
`,
    'src/router.jsx':
      "import { createRouter } from '@tanstack/react-router'\nimport { routeTree } from './routeTree.gen'\nexport const getRouter = () => createRouter({ routeTree })\n",
    'src/routes/__root.jsx': `import { HeadContent, Outlet, Scripts, createRootRoute } from '@tanstack/react-router'
export const Route = createRootRoute({
  head: () => ({ links: [{ rel: 'icon', href: 'data:,' }] }),
  component: () => (
    <html lang="en">
      <head><HeadContent /></head>
      <body><Outlet /><Scripts /></body>
    </html>
  ),
})
`,
    'src/home.css': STYLE('./images/a.jpg'),
    'src/routes/index.jsx': `import { Link, createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'
import '../home.css'
import photo from '../images/a.jpg?w=30;60&format=webp'
import url from '../images/b.jpg?w=51&as=url'
const load = createServerFn().handler(() => url)
export const Route = createFileRoute('/')({ loader: () => load(), component: Home })
function Home() {
  return (
    <>
      <img id="shared" {...photo.img} sizes="60px" alt="" />
      <img id="server" src={Route.useLoaderData()} alt="" />
      <p className="bg">text</p>
      <Link to="/about">about</Link>
    </>
  )
}
`,
    'src/routes/about.jsx': `import { createFileRoute } from '@tanstack/react-router'
import photo from '../images/b.jpg?w=44'
export const Route = createFileRoute('/about')({ component: () => <img id="about" {...photo.img} alt="" /> })
`,
  },
  build: ['vite', 'build'],
  serve: { command: ['vite', 'preview'], flags: true },
  dev: ['vite', 'dev'],
  pages: { '/': { shared: 60, server: 51 } },
  link: { about: 44 },
}
