import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { VITE_NAMES } from '../support/build.ts'
import { addresses, startDev } from '../support/dev.ts'
import { jpeg } from '../support/images.ts'
import { project } from '../support/project.ts'

test.each(VITE_NAMES)('an image that gets another name is made under it, before and after it was asked for: %s', async (version) => {
  const { root } = project({ 'one.jpg': await jpeg(200, 100) })
  const dev = await startDev(root, { version, options: { logLevel: 'silent' } })
  const asked = addresses(await dev.module('/one.jpg?import&w=50&format=webp'))[0] ?? ''
  await dev.module('/one.jpg?import&w=60&format=webp')
  expect((await dev.get(asked)).status).toBe(200)
  renameSync(join(root, 'one.jpg'), join(root, 'two.jpg'))
  for (const query of ['w=50', 'w=60']) {
    const [address = ''] = addresses(await dev.module(`/two.jpg?import&${query}&format=webp`))
    expect((await dev.get(address)).status, query).toBe(200)
  }
})
