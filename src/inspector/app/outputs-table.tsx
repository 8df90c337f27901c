import type { JSX } from 'preact'
import { outputUrl, type InspectedOutput, type InspectedRequest } from './data.ts'
import { Status } from './row.tsx'
import { changeText, durationText, formatName, sizeText } from './text.ts'

interface OutputsTableProps {
  request: InspectedRequest
  picked: string
  onPick(key: string): void
}

/** Every file of a request; the one that is picked is looked at above. */
export function OutputsTable({ request, picked, onPick }: OutputsTableProps): JSX.Element {
  const { outputs, source } = request
  const most = Math.max(1, ...outputs.map(({ size_bytes = 0 }) => size_bytes))
  return (
    <section class="card">
      <h2>Outputs</h2>
      <div class="scroll" tabindex={0} role="region" aria-label="Outputs">
        <table class="outputs">
          <thead>
            <tr>
              <th scope="col">Format</th>
              <th scope="col">Size</th>
              <th scope="col">In a srcset</th>
              <th scope="col">Quality</th>
              <th scope="col" colspan={2}>
                Bytes
              </th>
              <th scope="col">
                <abbr title="Against the source">Change</abbr>
              </th>
              <th scope="col">Took</th>
              <th scope="col">State</th>
            </tr>
          </thead>
          <tbody>
            {outputs.map((output) => (
              <tr key={output.key} class={output.key === picked ? 'is-picked' : ''} onClick={() => onPick(output.key)}>
                <th scope="row">
                  <button type="button" class={`format format--${output.format}`} aria-pressed={output.key === picked}>
                    {formatName(output.format)}
                    <span class="hidden"> {output.width} px, look at it</span>
                  </button>
                </th>
                <td>
                  {output.width} × {output.height}
                </td>
                <td>
                  {output.descriptor}
                  {output.media !== undefined && <code class="media">{output.media}</code>}
                </td>
                <td>{qualityText(output)}</td>
                <td class="bar">
                  {output.size_bytes !== undefined && (
                    <span class={`bar__fill bar__fill--${output.format}`} style={{ width: `${(100 * output.size_bytes) / most}%` }} />
                  )}
                </td>
                <td class="number">
                  {output.size_bytes === undefined ? '–' : <span title={`${output.size_bytes} bytes`}>{sizeText(output.size_bytes)}</span>}
                </td>
                <td class="number">
                  {output.size_bytes === undefined || source.size_bytes === undefined
                    ? ''
                    : changeText(source.size_bytes, output.size_bytes)}
                </td>
                <td class="number">{output.elapsed_ms === undefined ? '–' : durationText(output.elapsed_ms)}</td>
                <td>
                  <State output={output} isGone={source.missing === true} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

export function qualityText({ quality, lossless, kept, search }: InspectedOutput): string {
  if (kept) return 'as the source'
  if (lossless) return 'lossless'
  if (quality === undefined) return '–'
  return search ? `${quality}, looked for` : String(quality)
}

function State({ output, isGone }: { output: InspectedOutput; isGone: boolean }): JSX.Element {
  const { status, cached, original, inlined, path } = output
  if (original) return <span class="status status--failed">the source in its place</span>
  const url = outputUrl(output)
  if (status === 'waiting' && isGone) return <span class="dim">not made</span>
  if (status === 'waiting' && url !== undefined)
    return (
      <button
        type="button"
        class="link"
        onClick={(event) => {
          event.stopPropagation()
          // Whoever asks for it has it made, as a page does; that it is there comes as an event.
          void fetch(url).catch(() => undefined)
        }}
      >
        Make it now
      </button>
    )
  if (status !== 'completed') return <Status status={status} words />
  const text = cached ? 'from the cache' : 'made now'
  if (inlined) return <span>{text}, inlined</span>
  return url === undefined ? (
    <span title={path}>{text}</span>
  ) : (
    <a href={url} target="_blank" rel="noreferrer" title={path} onClick={(event) => event.stopPropagation()}>
      {text}
    </a>
  )
}
