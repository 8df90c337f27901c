import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { Segments } from './compare.tsx'
import { outputUrl, type InspectedOutput, type InspectedRequest } from './data.ts'
import { Icon } from './icons.tsx'
import { FORMATS } from './list.ts'
import { qualityText } from './outputs-table.tsx'
import { changedQuery, settingsOf, type Settings } from './settings.ts'
import { Words } from './words.tsx'
import { changeText, formatName, sizeText } from './text.ts'

interface Tried {
  code: string
  warnings: string[]
  outputs: InspectedOutput[]
}

/** What came of the query that was tried. */
type Outcome = { query: string } & ({ state: 'busy' } | { state: 'done'; tried: Tried } | { state: 'failed'; error: string; hint?: string })

/** Other settings for the same source, with the files that a build would have. */
export function TryPanel({ request }: { request: InspectedRequest }): JSX.Element {
  const [settings, setSettings] = useState<Settings>(() => settingsOf(request))
  const [outcome, setOutcome] = useState<Outcome>()
  const running = useRef<AbortController>(undefined)
  useEffect(() => () => running.current?.abort(), [])
  const set = (change: Partial<Settings>): void => setSettings({ ...settings, ...change })
  const query = changedQuery(request.written, settings)

  const run = async (): Promise<void> => {
    running.current?.abort()
    const stop = new AbortController()
    running.current = stop
    setOutcome({ query, state: 'busy' })
    try {
      const answer = await fetch('api/try', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ id: request.id, query }),
        signal: stop.signal,
      })
      const body: Tried & { error: string; hint?: string } = await answer.json()
      setOutcome(
        answer.ok
          ? { query, state: 'done', tried: body }
          : { query, state: 'failed', error: body.error, ...(body.hint && { hint: body.hint }) },
      )
    } catch (error) {
      if (!stop.signal.aborted) setOutcome({ query, state: 'failed', error: `The dev server did not answer: ${String(error)}` })
    }
  }

  return (
    <section class="card try">
      <h2>Try other settings</h2>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void run()
        }}
      >
        <label class="field">
          <span>Widths</span>
          <input
            type="text"
            inputMode="numeric"
            placeholder={`${request.source.width ?? ''}, its own`}
            value={settings.widths}
            onInput={({ currentTarget }) => set({ widths: currentTarget.value })}
          />
        </label>
        <fieldset class="field">
          <legend>Formats</legend>
          <span class="checks">
            {FORMATS.map((format) => (
              <label key={format}>
                <input
                  type="checkbox"
                  checked={settings.formats.includes(format)}
                  onChange={({ currentTarget }) =>
                    set({ formats: FORMATS.filter((each) => (each === format ? currentTarget.checked : settings.formats.includes(each))) })
                  }
                />
                {formatName(format)}
              </label>
            ))}
          </span>
        </fieldset>
        <QualityField settings={settings} set={set} />
        <button type="submit" class="button button--main" disabled={outcome?.state === 'busy'}>
          {outcome?.state === 'busy' ? 'Making…' : 'Make it'}
        </button>
      </form>
      <code class="query">?{query}</code>
      <div role="status">{outcome && <Result outcome={outcome} request={request} isStale={outcome.query !== query} />}</div>
    </section>
  )
}

function QualityField({ settings, set }: { settings: Settings; set(change: Partial<Settings>): void }): JSX.Element {
  return (
    <div class="field">
      <span>Quality</span>
      <Segments
        label="Quality by"
        value={settings.by}
        options={{ default: 'Default', number: 'Number', auto: 'Look', size: 'Size' }}
        onChange={(by) => set({ by: by === 'number' || by === 'auto' || by === 'size' ? by : 'default' })}
      />
      {settings.by === 'number' && (
        <label class="range">
          <span class="hidden">Quality</span>
          <input
            type="range"
            min="1"
            max="100"
            value={settings.quality}
            onInput={({ currentTarget }) => set({ quality: Number(currentTarget.value) })}
          />
          <output>{settings.quality}</output>
        </label>
      )}
      {settings.by === 'size' && (
        <label>
          <span class="hidden">Most bytes of a file</span>
          <input type="text" size={8} value={settings.size} onInput={({ currentTarget }) => set({ size: currentTarget.value })} />
        </label>
      )}
    </div>
  )
}

interface ResultProps {
  outcome: Outcome
  request: InspectedRequest
  /** Whether the settings have been changed since. */
  isStale: boolean
}

function Result({ outcome, request, isStale }: ResultProps): JSX.Element | null {
  if (outcome.state === 'busy') return <p class="dim">The engine makes what a build would.</p>
  if (outcome.state === 'failed')
    return isStale ? null : (
      <p class="bad">
        <Words text={`${outcome.error}. ${outcome.hint ?? ''}`} />
      </p>
    )
  const { outputs, code, warnings } = outcome.tried
  const preview = outputs.toSorted((a, b) => b.width - a.width || (a.size_bytes ?? 0) - (b.size_bytes ?? 0))[0]
  return (
    <div class={isStale ? 'tried tried--stale' : 'tried'}>
      {preview && <img class="tried__preview" src={outputUrl(preview)} alt="With these settings" />}
      <div class="tried__facts">
        <table>
          <tbody>
            {outputs.map((output) => (
              <tr key={output.key}>
                <th scope="row">
                  <a class={`format format--${output.format}`} href={outputUrl(output) ?? ''} target="_blank" rel="noreferrer">
                    {formatName(output.format)}
                  </a>
                </th>
                <td>
                  {output.width} × {output.height}
                </td>
                <td>{qualityText(output)}</td>
                <td class="number">
                  <strong data-bytes={output.size_bytes}>{sizeText(output.size_bytes ?? 0)}</strong>
                </td>
                <td class="dim">{against(output, request)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {warnings.map((text) => (
          <p key={text} class="note">
            <Icon name="warning" />
            <span>
              <Words text={text} />
            </span>
          </p>
        ))}
        {isStale ? (
          <p class="note">
            <Icon name="warning" />
            <span>
              This is of <code>?{outcome.query}</code>. Make it again for the bytes and the line of the settings above.
            </span>
          </p>
        ) : (
          <CopyLine code={code} />
        )}
      </div>
    </div>
  )
}

/** How it compares with the output of the same format and width that there is. */
function against(output: InspectedOutput, { outputs }: InspectedRequest): string {
  const now = outputs.find(({ format, width, media }) => format === output.format && width === output.width && media === undefined)
  if (now?.size_bytes === undefined || output.size_bytes === undefined) return ''
  return now.size_bytes === output.size_bytes ? 'as it is now' : `${changeText(now.size_bytes, output.size_bytes)} against now`
}

function CopyLine({ code }: { code: string }): JSX.Element {
  const [copied, setCopied] = useState<'yes' | 'no'>()
  const line = useRef<HTMLElement>(null)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(code)
      setCopied('yes')
    } catch {
      // Without the right to write there, it is selected for the person to do it.
      if (line.current) getSelection()?.selectAllChildren(line.current)
      setCopied('no')
    }
  }
  useEffect(() => setCopied(undefined), [code])
  return (
    <p class="copy">
      <code ref={line}>{code}</code>
      <button type="button" class="button" onClick={() => void copy()}>
        <Icon name={copied === 'yes' ? 'check' : 'copy'} />
        {copied === undefined ? 'Copy' : copied === 'yes' ? 'Copied' : 'Selected'}
      </button>
    </p>
  )
}
