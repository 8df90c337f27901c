import june from '@landing-page/testimonials-3.jpg?densities=1;2&w=64&aspect=1&crop=150,0,300,300&format=webp;jpeg'
import marta from '@landing-page/testimonials-1.jpg?densities=1;2&w=64&aspect=1&crop=90,70,300,300&format=webp;jpeg'
import theo from '@landing-page/testimonials-2.jpg?densities=1;2&w=64&aspect=1&crop=95,50,320,320&format=webp;jpeg'
import { element, slot } from './element.ts'
import { alt } from './photographs.ts'
import { picture } from './picture.ts'

const CONTRIBUTORS = [
  {
    name: 'Marta Lindqvist',
    did: 'spent three weeks on a ferry that never left the fog, and wrote our cover story.',
    portrait: marta,
    photograph: 'landing-page/testimonials-1',
  },
  {
    name: 'Theo Marsh',
    did: 'prints by hand in a cellar in Porto. He made one negative six times for us.',
    portrait: theo,
    photograph: 'landing-page/testimonials-2',
  },
  {
    name: 'June Okafor',
    did: 'edits this magazine, mostly on trains and mostly out of signal.',
    portrait: june,
    photograph: 'landing-page/testimonials-3',
  },
] as const

export function contributors(): void {
  slot('contributors').append(
    ...CONTRIBUTORS.map(({ name, did, portrait, photograph }) =>
      element(
        'li',
        { class: 'contributor' },
        picture(portrait, { alt: alt(photograph) }),
        element('p', {}, element('strong', {}, name), ` ${did}`),
      ),
    ),
  )
}
