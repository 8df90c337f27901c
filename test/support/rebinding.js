// Runs in a network and a mount namespace of its own, in which `93.184.216.34` is an address of this machine, and /etc/hosts a file to change.
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { guardedRequest } from '../../dist/net/request.js'

const PUBLIC = '93.184.216.34'
const PRIVATE = ['127.0.0.1', '169.254.169.254', '10.0.0.1', '::1', '::ffff:127.0.0.1']
const [, , hosts = '', runs = '100'] = process.argv

const listen = (address, asked) =>
  new Promise((resolve) => {
    const server = createServer((request, response) => {
      asked.push(address)
      const { searchParams } = new URL(request.url ?? '', 'http://x')
      if (searchParams.has('to')) response.writeHead(302, { location: searchParams.get('to') }).end()
      else response.end('here')
    })
    server.listen({ host: address, port: 80 }, () => resolve(server))
  })

const [open, hidden] = [[], []]
const servers = [await listen(PUBLIC, open), ...(await Promise.all(PRIVATE.slice(0, 4).map((address) => listen(address, hidden))))]
const name = (...addresses) => writeFileSync(hosts, addresses.map((address) => `${address} evil.test\n`).join(''))
const ends = new Map()
const ask = async (url) => {
  const end = await guardedRequest({ url: new URL(url), allowPrivate: false, timeout: 3000 }).then(
    async (answer) => String(await answer.read(100)),
    (error) => error.code,
  )
  ends.set(end, (ends.get(end) ?? 0) + 1)
}

// A name that is public and private by turns: between a look and a connection it changes, too.
let turning = true
const turn = (async () => {
  for (let index = 0; turning; index++) {
    name(index % 2 === 0 ? PUBLIC : PRIVATE[index % PRIVATE.length])
    await sleep(1)
  }
})()
for (let run = 0; run < Number(runs); run++) await ask('http://evil.test/')
turning = false
await turn
const turned = Object.fromEntries(ends)
ends.clear()
// One that is both at once.
for (const address of PRIVATE) {
  name(address, PUBLIC)
  await ask('http://evil.test/')
  name(PUBLIC, address)
  await ask('http://evil.test/')
}
process.stdout.write(JSON.stringify({ turned, both: Object.fromEntries(ends), open: open.length, hidden }))
for (const server of servers) server.close()
process.exit(0)
