import { CONFIG, STYLE } from './common.js'

export const reactRouter = {
  name: 'react-router',
  packages: [
    'react@^19',
    'react-dom@^19',
    'react-router@~8.4.0',
    '@react-router/dev@~8.4.0',
    '@react-router/node@~8.4.0',
    '@react-router/serve@~8.4.0',
    'isbot@^5',
    'vite@^8',
  ],
  files: {
    'vite.config.js': `${CONFIG}
import { reactRouter } from '@react-router/dev/vite'
export default { plugins: [log(), imagemill({ attributes: 'react' }), reactRouter()], build: { assetsInlineLimit: 0 } }
`,
    'app/routes.js':
      "import { index, route } from '@react-router/dev/routes'\nexport default [index('home.jsx'), route('about', 'about.jsx'), route('fixed', 'fixed.jsx')]\n",
    'react-router.config.js': "export default { ssr: true, prerender: ['/fixed'] }\n",
    'app/root.jsx': `import { Links, Meta, Outlet, Scripts } from 'react-router'
export default function Root() {
  return (
    <html lang="en">
      <head><link rel="icon" href="data:," /><Meta /><Links /></head>
      <body><Outlet /><Scripts /></body>
    </html>
  )
}
`,
    'app/home.css': STYLE('../src/images/a.jpg'),
    'app/home.jsx': `import { Link } from 'react-router'
import './home.css'
import photo from '../src/images/a.jpg?w=30;60&format=webp'
import url from '../src/images/b.jpg?w=51&as=url'
export const loader = () => ({ url })
export default function Home({ loaderData }) {
  return (
    <>
      <img id="shared" {...photo.img} sizes="60px" alt="" />
      <img id="server" src={loaderData.url} alt="" />
      <p className="bg">text</p>
      <Link to="/about">about</Link>
    </>
  )
}
`,
    'app/about.jsx':
      'import photo from \'../src/images/b.jpg?w=44\'\nexport default function About() {\n  return <img id="about" {...photo.img} alt="" />\n}\n',
    'app/fixed.jsx':
      'import photo from \'../src/images/b.jpg?w=47\'\nexport default function Fixed() {\n  return <img id="fixed" {...photo.img} alt="" />\n}\n',
  },
  build: ['react-router', 'build'],
  serve: { command: ['react-router-serve', 'build/server/index.js'] },
  dev: ['react-router', 'dev'],
  pages: { '/': { shared: 60, server: 51 }, '/fixed': { fixed: 47 } },
  link: { about: 44 },
}
