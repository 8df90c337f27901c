import pencils from '@portfolio/bg-masthead.jpg?crop=0,127,1900,862&w=960;1400;1900&narrow.crop=0,150,839,1118&narrow.w=400;600;839&format=avif;webp;jpeg'
import { slot } from './element.ts'
import { picture } from './picture.ts'

export function quote(): void {
  slot('quote').prepend(
    picture(pencils, {
      // the words are the content here, the pencils only decorate them
      alt: '',
      sizes: '(max-width: 45rem) max(100vw, 30rem), max(100vw, 70rem)',
    }),
  )
}
