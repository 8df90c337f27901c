import { render } from 'preact'
import { readData } from './data.ts'

function App() {
  const data = readData()
  return (
    <main>
      {data?.inspection.requests.map(({ id, name }) => (
        <p key={id}>{name}</p>
      ))}
    </main>
  )
}

const home = document.querySelector('#app')
if (home) render(<App />, home)
