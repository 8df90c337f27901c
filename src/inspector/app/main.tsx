import { render } from 'preact'
import { App } from './app.tsx'
import icon from './icon.svg?w=64&format=png&inline&as=url'
import './style.css'

const link = document.createElement('link')
link.rel = 'icon'
link.href = icon
document.head.append(link)

const home = document.querySelector('#app')
if (home) render(<App icon={icon} />, home)
