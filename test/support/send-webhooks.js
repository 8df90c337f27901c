// Sends so many messages to an address, each named on a line as soon as it is kept, and ends when all are delivered.
import { openWebhooks } from '../../dist/service/webhooks/webhooks.js'

const [folder, url, from, to, secret] = process.argv.slice(2)
const webhooks = await openWebhooks({
  folder,
  secret,
  allowPrivate: true,
  pauses: [50, 100, 200, 400, 800],
  onAttempt: () => undefined,
  onWarning: (error) => console.error(error),
})
for (let index = Number(from); index < Number(to); index++) {
  const id = `msg_${index}`
  await webhooks.send({ id, url, body: JSON.stringify({ index }) })
  process.stdout.write(`${id}\n`)
}
while (webhooks.pending() > 0) await new Promise((resolve) => setTimeout(resolve, 20))
await webhooks.close()
