import type { JSX } from 'preact'

/** A sentence of the engine, in which code is between backticks. */
export function Words({ text }: { text: string }): JSX.Element {
  return <>{text.split('`').map((part, index) => (index % 2 === 1 ? <code key={index}>{part}</code> : part))}</>
}
