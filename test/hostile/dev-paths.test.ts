import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { VITES, type ViteName } from '../support/build.ts'
import { startDev, type Dev } from '../support/dev.ts'
import type { Answer } from '../support/http.ts'
import { fuzzed } from '../support/fuzz.ts'
import { QUERIES, addressesOf, plant, type Planted } from '../support/secrets.ts'

const versions: ViteName[] = Object.keys(VITES).filter((name): name is ViteName => name in VITES)

async function open(version: ViteName): Promise<Planted & Dev> {
  const planted = await plant()
  const config = { server: { fs: { allow: [planted.site], deny: ['.env', '.env.*', '*.{crt,pem}', '**/private/**'] } } }
  return { ...planted, ...(await startDev(planted.site, { version, config })) }
}

const HEADERS: readonly Record<string, string>[] = [
  {},
  { 'Sec-Fetch-Dest': 'script' },
  { 'Sec-Fetch-Dest': 'image', Accept: 'image/avif,*/*' },
]

describe.each(versions)('%s', (version) => {
  test('no address in any spelling, with any query, tells anything of a secret', { timeout: 900_000 }, async () => {
    const { site, secrets, tells, get } = await open(version)
    // The server is there, and shows what it may.
    expect((await get('/photo.jpg?import&w=9&format=webp')).text).toContain('@imagemill')
    expect(tells(await get('/photo.jpg?w=9'))).toBe(true)
    const all = Object.entries(secrets).flatMap(([name, file]) => addressesOf(file, site).map((address) => [name, address] as const))
    const { seed, numRuns } = fuzzed(2)
    const few = fc.sample(fc.subarray([...QUERIES], { minLength: 2, maxLength: 2 }), { seed, numRuns: all.length })
    let asked = 0
    for (const [index, [name, address]] of all.entries()) {
      const queries = numRuns < QUERIES.length ? (few[index] ?? []) : QUERIES
      for (const query of queries) {
        const headers = HEADERS[asked++ % HEADERS.length] ?? {}
        const path = query === '' ? address : `${address}?${query}`
        const answer = await Promise.race([get(path, { headers }), sleep(10_000, undefined, { ref: false })])
        expect({ path, answered: answer !== undefined }).toEqual({ path, answered: true })
        const told = answer !== undefined && tells(answer) && !isShown(path, answer)
        expect({ name, path, headers, told }).toEqual({ name, path, headers, told: false })
      }
    }
    // It lives on.
    expect((await get('/photo.jpg?import&w=8&format=webp')).text).toContain('@imagemill')
  })

  test('a plugin that loads an image past the checks of Vite is stopped by our own', async () => {
    const { site, secrets, server } = await open(version)
    const { pluginContainer } = server.environments.client
    const load = async (file: string): Promise<unknown> => pluginContainer.load(`${file}?w=9&format=webp`)
    expect(JSON.stringify(await load(join(site, 'photo.jpg')))).toContain('@imagemill')
    const images = [
      ...Object.values(secrets).filter((file) => /\.(?:jpg|svg)$/.test(file)),
      join(site, 'link.jpg'),
      join(site, 'folder/photo.jpg'),
    ]
    expect(images.length).toBeGreaterThan(4)
    for (const file of images) await expect(load(file)).rejects.toThrow('[SOURCE_DENIED]')
  })
})

/** What Vite itself shows: an image that may be shown, and as a file what is behind a link. */
function isShown(path: string, { headers }: Answer): boolean {
  const isFile = headers['content-type']?.startsWith('image/') === true
  return /^\/+(?:src\/\.\.\/)?photo\.jpg(?:\?|$)/.test(path) || (isFile && /^\/(?:folder\/|(?:l|%6c)ink)/.test(path))
}
