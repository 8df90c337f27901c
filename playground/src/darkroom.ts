import blurred from '@clean-blog/post-sample-image.jpg?w=380;760&blur=7&format=webp;jpeg'
import gray from '@clean-blog/post-sample-image.jpg?w=380;760&grayscale&normalize&format=webp;jpeg'
import negative from '@clean-blog/post-sample-image.jpg?w=380;760&invert&format=webp;jpeg'
import sepia from '@clean-blog/post-sample-image.jpg?w=380;760&tint=8f6b45&format=webp;jpeg'
import straight from '@clean-blog/post-sample-image.jpg?w=380;760&format=webp;jpeg'
import vivid from '@clean-blog/post-sample-image.jpg?w=380;760&saturation=2&hue=-40&format=webp;jpeg'
import { element, slot } from './element.ts'
import { alt } from './photographs.ts'
import { picture } from './picture.ts'

const PRINTS = [
  { title: 'Straight print', recipe: 'w=380;760', image: straight },
  { title: 'Silver', recipe: 'grayscale & normalize', image: gray },
  { title: 'Sepia bath', recipe: 'tint=8f6b45', image: sepia },
  { title: 'Cross-processed', recipe: 'saturation=2 & hue=-40', image: vivid },
  { title: 'Soft focus', recipe: 'blur=7', image: blurred },
  { title: 'Negative', recipe: 'invert', image: negative },
]

export function darkroom(): void {
  slot('darkroom').append(
    ...PRINTS.map(({ title, recipe, image }) =>
      element(
        'li',
        {},
        element(
          'figure',
          { class: 'print' },
          element(
            'div',
            { class: 'print__paper' },
            picture(image, { alt: alt('clean-blog/post-sample-image', title), sizes: '(min-width: 64rem) 24rem, 44vw' }),
          ),
          element('figcaption', {}, element('strong', {}, title), element('code', {}, recipe)),
        ),
      ),
    ),
  )
}
