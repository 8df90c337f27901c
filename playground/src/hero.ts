import sea from '@landing-page/bg-masthead.jpg?w=640;1280;1900&format=avif;webp;jpeg'
import { slot } from './element.ts'
import { alt } from './photographs.ts'
import { picture } from './picture.ts'

export function hero(): void {
  slot('hero').append(
    picture(sea, {
      alt: alt('landing-page/bg-masthead'),
      // it covers the screen: on a tall one it is wider than what shows
      sizes: 'max(100vw, 157vh)',
      load: 'first',
    }),
  )
}
