// @11ty/eleventy-img as its documentation calls it in a script: all photographs at once, its own queue says how many are done at a time.
import Image, { generateHTML } from '@11ty/eleventy-img'
import { task } from './report.js'

await Promise.all(
  task.files.map(async (file) => {
    const made = await Image(file, { widths: task.widths, formats: task.formats, outputDir: task.out, urlPath: '/img/' })
    generateHTML(made, { alt: '', sizes: '100vw' })
  }),
)
