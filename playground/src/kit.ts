import kit from '@clean-blog/about-bg.jpg?w=480;800;1200&aspect=1&position=left&format=avif;webp;jpeg&as=picture'
import { slot } from './element.ts'
import { alt } from './photographs.ts'
import { pictureOf } from './picture.ts'

export function kitList(): void {
  slot('kit').append(pictureOf(kit, { alt: alt('clean-blog/about-bg'), sizes: '(min-width: 64rem) 40rem, (min-width: 45rem) 46vw, 92vw' }))
}
