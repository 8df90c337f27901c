/** Opens every page of a site, and answers how many images were right; anything that is not throws. */
export async function visit(browser, origin, { pages, link }) {
  const context = await browser.newContext({ viewport: { width: 800, height: 600 } })
  try {
    const page = await context.newPage()
    // A dev server may find packages while the first page is open, and load it anew.
    await page.goto(origin, { waitUntil: 'networkidle' })
    const faults = []
    page.on(
      'console',
      (message) =>
        message.type() === 'error' && !message.text().startsWith('Failed to load resource') && faults.push(`console: ${message.text()}`),
    )
    page.on('pageerror', (error) => faults.push(`exception: ${error.message}`))
    page.on(
      'response',
      (response) =>
        response.status() >= 400 && !response.url().endsWith('/favicon.ico') && faults.push(`${response.status()}: ${response.url()}`),
    )
    let right = 0
    for (const [path, images] of Object.entries(pages)) {
      const rendered = await (await fetch(origin + path, { headers: { accept: 'text/html' } })).text()
      await page.goto(origin + path, { waitUntil: 'networkidle' })
      right += await expectImages(page, images)
      // What the server has rendered is what the browser has after its scripts have run.
      for (const id of Object.keys(images)) {
        const src = await page.getAttribute(`#${id}`, 'src')
        if (id !== 'client' && !rendered.includes(`"${src}"`))
          throw new Error(`#${id} is ${src} in the browser, but not in what the server sent`)
      }
    }
    await page.goto(origin, { waitUntil: 'networkidle' })
    right += await expectBackground(page)
    await page.click('a')
    await page.waitForSelector(`#${Object.keys(link)[0]}`)
    right += await expectImages(page, link)
    if (faults.length > 0) throw new Error(faults.join('\n'))
    return `${right} images`
  } finally {
    await context.close()
  }
}

async function expectImages(page, images) {
  for (const [id, width] of Object.entries(images)) {
    const shown = await page.locator(`#${id}`).evaluate(async (image) => {
      await image.decode().catch((error) => {
        throw new Error(`${image.outerHTML}: ${error.message}`)
      })
      // With a srcset, the natural width counts in px of the page.
      const file = new Image()
      file.src = image.currentSrc
      await file.decode()
      return file.naturalWidth
    })
    if (shown !== width) throw new Error(`#${id} is ${shown} px wide: expected ${width}`)
  }
  return Object.keys(images).length
}

async function expectBackground(page) {
  const width = await page.locator('.bg').evaluate(async (element) => {
    const [, address = ''] = /url\("([^"]+)"\)/.exec(getComputedStyle(element).backgroundImage) ?? []
    const file = new Image()
    file.src = address
    await file.decode()
    return file.naturalWidth
  })
  if (width !== 90) throw new Error(`the background is ${width} px wide: expected 90`)
  return 1
}
