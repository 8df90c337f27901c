import { mkdir, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Api, Used } from './api.ts'
import { recordFiles } from './build-report.ts'
import { checkBudgets } from './budgets.ts'
import type { BundlerContext } from './bundler.ts'
import { rootOf } from './place.ts'
import { checkPrivacy } from './privacy.ts'
import { bytesOf, makeFiles } from './render.ts'

/** A server build that leaves its files to the client's: what of them the client does not use is added to its folder, whichever build is first. */
export async function leaveToClient(context: BundlerContext, api: Api, used: Used): Promise<void> {
  for (const [id, name] of used.files) api.onServer.files.set(id, name)
  for (const key of used.inlined) api.onServer.inlined.add(key)
  for (const id of used.facts) api.onServer.facts.add(id)
  await complete(context, api)
}

/** The files of the client are on disk. */
export async function clientIsWritten(context: BundlerContext, api: Api, client: NonNullable<Api['client']>): Promise<void> {
  api.client = client
  await complete(context, api)
}

async function complete(context: BundlerContext, api: Api): Promise<void> {
  const { client, onServer } = api
  if (!client) return
  const there = new Set(client.used.files.values())
  const missing = [...onServer.files].filter(([, name]) => !there.has(name))
  if (missing.length === 0) return
  const root = rootOf(context)
  await makeFiles(
    missing.map(([id]) => id),
    { api, root },
  )
  for (const [id, name] of missing) {
    const path = join(client.folder, name)
    const source = await bytesOf(api.files.get(id)?.key ?? '', { api, root })
    await checkPrivacy({ [name]: { type: 'asset', source } }, context, api, { ...onServer, inlined: new Set() })
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, source)
    client.used.files.set(id, name)
  }
  const all = {
    files: new Map([...client.used.files, ...api.inWorkers.files]),
    inlined: new Set([...client.used.inlined, ...onServer.inlined, ...api.inWorkers.inlined]),
    facts: new Set([...client.used.facts, ...onServer.facts, ...api.inWorkers.facts]),
    hosts: client.used.hosts,
  }
  await checkBudgets(all, undefined, api, root)
  for (const { name, text } of await recordFiles({ used: all, graph: client.graph }, api, root)) {
    await mkdir(dirname(join(client.folder, name)), { recursive: true })
    await writeFile(join(client.folder, name), text)
  }
}
