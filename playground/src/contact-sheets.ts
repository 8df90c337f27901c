import { element, slot } from './element.ts'
import { alt, photographAt } from './photographs.ts'
import { picture } from './picture.ts'

type Frames = Record<string, ResponsiveImage<['webp', 'jpeg']>>

const colour: Frames = import.meta.glob(
  ['@clean-blog/*.jpg', '@landing-page/{bg-*,testimonials-1}.jpg', '@portfolio/{bg-*,portfolio-[123]}.jpg'],
  {
    query: { w: '160;320;480', aspect: '3:2', format: 'webp;jpeg' },
    import: 'default',
    eager: true,
    exhaustive: true,
  },
)

const square: Frames = import.meta.glob(['@clean-blog/*.jpg', '@landing-page/*.jpg', '@portfolio/portfolio-[123].jpg'], {
  query: { w: '160;320;460', aspect: '1', position: 'attention', grayscale: '', normalize: '', format: 'webp;jpeg' },
  import: 'default',
  eager: true,
  exhaustive: true,
})

const cyanotypes: Frames = import.meta.glob(
  ['@clean-blog/*-bg.jpg', '@landing-page/{bg-masthead,bg-showcase-3,testimonials-*}.jpg', '@portfolio/portfolio-4.jpg'],
  {
    query: { w: '180;360', aspect: '4:5', position: 'entropy', tint: '3f7fb5', format: 'webp;jpeg' },
    import: 'default',
    eager: true,
    exhaustive: true,
  },
)

/** Forty frames: fifteen, fifteen and ten. */
export function contactSheets(): void {
  fill('sheet-colour', colour, '', '(min-width: 84rem) 15rem, (min-width: 45rem) 17vw, 30vw')
  fill('sheet-square', square, 'In black and white', '(min-width: 84rem) 15rem, (min-width: 45rem) 17vw, 30vw')
  fill('sheet-cyanotype', cyanotypes, 'As a cyanotype', '(min-width: 84rem) 15rem, (min-width: 45rem) 17vw, 46vw')
}

function fill(sheet: string, frames: Frames, print: string, sizes: string): void {
  slot(sheet).append(
    ...Object.entries(frames).map(([path, image]) => element('li', {}, picture(image, { alt: alt(photographAt(path), print), sizes }))),
  )
}
