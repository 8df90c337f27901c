// a phone gets the astronaut, a wide screen the whole length of the panel
import panel from '@clean-blog/post-bg.jpg?crop=0,0,1900,1037&w=960;1400;1900&narrow.crop=0,0,100%,100%&narrow.aspect=4:5&narrow.focus=0.36,0.6&narrow.w=400;700;1000&format=avif;webp;jpeg'
import wholeFrame from '@clean-blog/post-bg.jpg?format=jpeg&quality=85&as=url'
import { slot } from './element.ts'
import { alt } from './photographs.ts'
import { picture } from './picture.ts'

export function spacewalk(): void {
  slot('spacewalk').append(picture(panel, { alt: alt('clean-blog/post-bg'), sizes: '100vw' }))
  slot('whole-frame').setAttribute('href', wholeFrame)
}
