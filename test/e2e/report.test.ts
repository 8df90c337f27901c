import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import axe from 'axe-core'
import { expect, test } from 'vitest'
import { inChromium, openPage } from '../support/browser.ts'
import { buildVite } from '../support/build.ts'
import { jpeg } from '../support/images.ts'
import { sizeText } from '../../src/units.ts'
import { project } from '../support/project.ts'

inChromium(() => {
  test.each(['light', 'dark'] as const)(
    'the report of a build opens from a disk, in %s, and shows what the build wrote',
    async (colorScheme) => {
      const { root } = project({
        'index.html': '<!doctype html><title>one</title><script type="module" src="/main.js"></script>',
        'main.js': "import a from './img/a.jpg?w=40;80&format=webp;jpeg'\nimport b from './img/b.jpg?w=60'\nconsole.log(a, b)",
        'img/a.jpg': await jpeg(120, 90),
        'img/b.jpg': await jpeg(120, 90, 2),
      })
      const files = await buildVite(root, { options: { report: true } })
      const { page, faults } = await openPage({ colorScheme, viewport: { width: 1200, height: 900 } })
      const asked: string[] = []
      page.on('request', (request) => asked.push(request.url()))
      const address = pathToFileURL(join(root, 'dist/.vite/imagemill-report.html')).href
      await page.goto(address)
      const weight = page.locator('section', { hasText: 'Weight of pages' }).locator('tr')
      await weight.getByText('index.html').waitFor()
      const { entries }: { entries: { size_bytes: number }[] } = JSON.parse(String(files.get('.vite/imagemill-report.json')))
      expect(await weight.innerText()).toContain(sizeText(entries[0]?.size_bytes ?? 0))
      await page.evaluate(axe.source)
      const found = await page.evaluate<string[]>(
        "axe.run().then(({ violations }) => violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => id + nodes.map(({ html }) => html)))",
      )
      expect(found).toEqual([])
      await page.locator('.row', { hasText: 'a.jpg' }).click()
      await page.getByRole('heading', { name: 'a.jpg' }).waitFor()
      const folder = pathToFileURL(join(root, 'dist')).href
      expect(asked.filter((url) => !url.startsWith(`${folder}/`) && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([])
      expect(faults).toEqual([])
    },
  )
})
