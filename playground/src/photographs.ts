/** What each photograph shows, in words that follow "A photograph of". */
const SUBJECTS = {
  'clean-blog/about-bg': 'a camera, a pencil and a notebook on a road map, with an orange backpack at the edge',
  'clean-blog/contact-bg': 'a black rotary telephone off the hook, its cord looped across a white table',
  'clean-blog/home-bg': 'an open blank notebook between a phone, a yellow pencil and a pair of glasses',
  'clean-blog/post-bg': 'an astronaut working at a metal case under a long solar panel, black space behind',
  'clean-blog/post-sample-image': 'an astronaut above the Earth holding up a sign that says “for sale”',
  'landing-page/bg-masthead': 'a calm dark-blue sea fading into fog, with no horizon',
  'landing-page/bg-showcase-1': 'the back of a black phone lying on yellow felt',
  'landing-page/bg-showcase-2': 'lines of coloured markup on a dark screen',
  'landing-page/bg-showcase-3': 'two hands typing on a laptop beside a small succulent',
  'landing-page/testimonials-1': 'a laughing woman in a red jumper, her dark hair blown by the wind',
  'landing-page/testimonials-2': 'a smiling man in a navy cap by the sea',
  'landing-page/testimonials-3': 'a woman in a teal shirt looking up from her phone in a garden',
  'stylish-portfolio/bg-callout': 'brass scissors, pencils and envelopes on a yellow table',
  'stylish-portfolio/bg-masthead': 'two grey pencils on a yellow table',
  'stylish-portfolio/portfolio-1': 'lime, purple and orange envelopes with a pencil on a blue table',
  'stylish-portfolio/portfolio-2': 'a white pencil and a tiny ice-cream cone on midnight blue',
  'stylish-portfolio/portfolio-3': 'strawberries on a pink scalloped plate against turquoise wood',
  'stylish-portfolio/portfolio-4': 'brass scissors and paper scattered over a mustard table',
} as const

export type Photograph = keyof typeof SUBJECTS

/** The alternative text of a photograph, with how it was printed where that shows. */
export function alt(photograph: Photograph, print = ''): string {
  const subject = SUBJECTS[photograph]
  return print ? `${print}: ${subject}` : subject.charAt(0).toUpperCase() + subject.slice(1)
}

/** Which photograph a path from `import.meta.glob` is: `…/startbootstrap-clean-blog/…/home-bg.jpg` is `clean-blog/home-bg`. */
export function photographAt(path: string): Photograph {
  const name = path.replace(/^.*startbootstrap-([^/]+)\/.*\/([^/]+)\.jpg$/, '$1/$2')
  if (!isPhotograph(name)) throw new Error(`No description for ${path}: add one to photographs.ts`)
  return name
}

function isPhotograph(name: string): name is Photograph {
  return Object.hasOwn(SUBJECTS, name)
}
