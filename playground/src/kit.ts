import kit from '@clean-blog/about-bg.jpg?aspect=4:5&w=480;800;1120&position=left&format=avif;webp;jpeg&as=picture'
import { slot } from './element.ts'
import { alt } from './photographs.ts'
import { pictureOf } from './picture.ts'

export function kitList(): void {
  slot('kit').append(pictureOf(kit, { alt: alt('clean-blog/about-bg'), sizes: '(min-width: 64rem) 40rem, (min-width: 45rem) 46vw, 92vw' }))
}
