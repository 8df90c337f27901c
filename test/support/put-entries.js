// Puts entries into a store until it is killed, on a disk that writes a file in many small parts: node put-entries.js <folder> <seed>
import { promises } from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { setTimeout as sleep } from 'node:timers/promises'

const { open, rename } = promises
promises.writeFile = async (path, data, { flag }) => {
  const file = await open(path, flag)
  const bytes = Buffer.from(data)
  for (let at = 0; at < bytes.length; at += 500) {
    await file.write(bytes.subarray(at, at + 500))
    await sleep(1)
  }
  await file.close()
}
promises.rename = async (...paths) => {
  await sleep(1)
  await rename(...paths)
}
syncBuiltinESMExports()

const { openStore } = await import('../../dist/store/open.js')
const { sha256 } = await import('../../dist/hash.js')
const [folder, seed] = process.argv.slice(2)
const store = await openStore(folder)
process.stdout.write('open\n')
for (let index = 0; ; index++) {
  // Some are the same in every process, and replaced again and again.
  const name = index % 3 === 0 ? `shared ${index}` : `${seed} ${index}`
  await store.put(sha256(name), name, Buffer.alloc(4000, name))
}
