import { render } from 'preact'
import { App } from './app.tsx'
import icon from './icon.svg?w=64&format=png&inline&as=url'
import './style/ground.css'
import './style/frame.css'
import './style/list.css'
import './style/row.css'
import './style/pane.css'
import './style/tables.css'
import './style/words.css'
import './style/compare.css'
import './style/curves.css'
import './style/try.css'
import './style/facts.css'
import './style/small.css'

const link = document.createElement('link')
link.rel = 'icon'
link.href = icon
document.head.append(link)

const home = document.querySelector('#app')
if (home) render(<App icon={icon} />, home)
