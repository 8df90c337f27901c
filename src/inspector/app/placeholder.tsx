import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { isLive, outputUrl, type InspectedRequest } from './data.ts'
import { Icon } from './icons.tsx'
import { shipped } from './list.ts'
import { sizeText } from './text.ts'

interface PlaceholderProps {
  request: InspectedRequest
  placeholder: Record<string, unknown> | undefined
}

/** What a page shows before the image is there, in the place of the image. */
export function Placeholder({ request, placeholder }: PlaceholderProps): JSX.Element | null {
  const [step, setStep] = useState<'before' | 'after'>('before')
  const background = placeholder?.['background']
  const output = shipped(request) ?? request.outputs[0]
  if (typeof background !== 'string' || !output) return null
  const kind = placeholder?.['kind']
  const url = (output.status === 'completed' && isLive ? outputUrl(output) : output.data) ?? request.thumbnail
  return (
    <section class="card">
      <div class="card__head">
        <h2>Before it is loaded</h2>
        {url !== undefined && (
          <button type="button" class="button" onClick={() => setStep(step === 'before' ? 'after' : 'before')}>
            <Icon name={step === 'before' ? 'play' : 'back'} /> {step === 'before' ? 'Load it' : 'Before'}
          </button>
        )}
      </div>
      <div class="before" style={{ aspectRatio: `${output.width} / ${output.height}`, background }}>
        {url !== undefined && <img class={step === 'after' ? 'is-there' : ''} src={url} alt="" loading="lazy" />}
      </div>
      <p class="dim">
        {typeof kind === 'string' && <code>{kind}</code>}, {sizeText(new TextEncoder().encode(background).length)} of CSS
      </p>
    </section>
  )
}
