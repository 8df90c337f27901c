import type { JSX } from 'preact'

const PATHS = {
  search: 'M7 12.500a5.500 5.500 0 1 0 0-11 5.500 5.500 0 0 0 0 11zM11 11l3.500 3.500',
  check: 'M3 8.500l3.200 3.200L13 4.800',
  part: 'M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM5 8.300l2.100 2.100L11 6.200',
  cross: 'M4 4l8 8M12 4l-8 8',
  clock: 'M8 14.500a6.500 6.500 0 1 0 0-13 6.500 6.500 0 0 0 0 13zM8 4.500V8l2.500 1.500',
  spinner: 'M8 1.500a6.500 6.500 0 1 1-6.500 6.500',
  back: 'M9.500 3L4.500 8l5 5',
  copy: 'M5.500 5.500h8v8h-8zM10.500 5.500v-3h-8v8h3',
  image: 'M2 3.500h12v9H2zM3 11.500l3.500-4 2.500 3 1.800-2 2.700 3M11 6.200h.01',
  shield: 'M8 1.500l5.500 2v4c0 3.300-2.300 5.900-5.500 7-3.200-1.100-5.500-3.700-5.500-7v-4z',
  warning: 'M8 2l6.500 11.500h-13zM8 6.500v3.200M8 11.600h.01',
  sun: 'M8 10.800a2.800 2.800 0 1 0 0-5.600 2.800 2.800 0 0 0 0 5.600zM8 1v1.500M8 13.500V15M1 8h1.500M13.500 8H15M3 3l1.100 1.100M11.900 11.900L13 13M13 3l-1.100 1.100M4.100 11.900L3 13',
  moon: 'M13.500 9.800A6 6 0 0 1 6.200 2.500a6 6 0 1 0 7.300 7.300z',
  screen: 'M1.500 2.500h13v9h-13zM5.500 14h5',
  play: 'M5 3l7.500 5L5 13z',
} as const

/** A drawing that says what the words beside it say. */
export function Icon({ name, class: className = '' }: { name: keyof typeof PATHS; class?: string }): JSX.Element {
  return (
    <svg class={`icon ${className}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  )
}
