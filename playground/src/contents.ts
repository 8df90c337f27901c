import { element, slot } from './element.ts'
import { alt, photographAt, type Photograph } from './photographs.ts'
import { picture } from './picture.ts'

const photographs = import.meta.glob<ResponsiveImage<['webp', 'jpeg']>>(
  ['@clean-blog/{contact,home}-bg.jpg', '@landing-page/bg-showcase-3.jpg', '@portfolio/portfolio-[123].jpg'],
  { query: { preset: 'card' }, import: 'default', eager: true, exhaustive: true },
)

interface Story {
  page: number
  department: string
  title: string
  standfirst: string
}

const STORIES: Partial<Record<Photograph, Story>> = {
  'clean-blog/contact-bg': {
    page: 12,
    department: 'Correspondence',
    title: 'Long distance, reverse charges',
    standfirst: 'An oral history of the expensive phone call, timed with an egg timer and paid for in coins.',
  },
  'clean-blog/home-bg': {
    page: 20,
    department: 'Notebook',
    title: 'Before the first page',
    standfirst: 'Eight writers on the blank spread they carry around for weeks before they dare to mark it.',
  },
  'stylish-portfolio/portfolio-1': {
    page: 28,
    department: 'Post',
    title: 'Colour, by airmail',
    standfirst: 'A stationer in Lisbon still sorts her letters by hue. We asked what each of them says.',
  },
  'stylish-portfolio/portfolio-2': {
    page: 41,
    department: 'Small hours',
    title: 'The night shift draws',
    standfirst: 'What a relief lighthouse keeper sketches between two and four in the morning.',
  },
  'stylish-portfolio/portfolio-3': {
    page: 52,
    department: 'Table',
    title: 'Strawberries, far north',
    standfirst: 'Twenty hours of light and one short month: the sweetest berries grow where summer hardly stops by.',
  },
  'landing-page/bg-showcase-3': {
    page: 60,
    department: 'Work',
    title: 'An office with a tide table',
    standfirst: 'She answers letters while the causeway is under water. When it clears, she walks home.',
  },
}

export function contents(): void {
  const cards = Object.entries(photographs).flatMap(([path, image]) => {
    const photograph = photographAt(path)
    const story = STORIES[photograph]
    return story ? [{ photograph, image, ...story }] : []
  })
  slot('contents').append(
    ...cards
      .sort((one, other) => one.page - other.page)
      .map(({ photograph, image, page, department, title, standfirst }) =>
        element(
          'li',
          { class: 'card' },
          element(
            'div',
            { class: 'card__photo' },
            picture(image, { alt: alt(photograph), sizes: '(min-width: 64rem) 26rem, (min-width: 40rem) 46vw, 92vw' }),
          ),
          element('p', { class: 'card__meta' }, element('span', {}, department), element('span', {}, `p. ${page}`)),
          element('h3', {}, title),
          element('p', {}, standfirst),
        ),
      ),
  )
}
