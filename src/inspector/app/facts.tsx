import type { JSX } from 'preact'
import type { InspectedRequest } from './data.ts'
import { Icon } from './icons.tsx'
import { Words } from './words.tsx'

/** Where an image is asked for. */
export function Importers({ request: { importers, written } }: { request: InspectedRequest }): JSX.Element {
  return (
    <section class="card">
      <h2>Imported by</h2>
      {importers.length === 0 ? (
        <p class="dim">Not known: it is named by what another tool wrote.</p>
      ) : (
        <ul class="plain importers">
          {importers.map(({ file, line }) => (
            <li key={file}>
              <code>
                {file}
                {line !== undefined && <span class="line">:{line}</span>}
              </code>
            </li>
          ))}
        </ul>
      )}
      {written !== '' && (
        <p class="dim">
          as <code>?{written}</code>
        </p>
      )}
    </section>
  )
}

interface PrivacyProps {
  findings: NonNullable<InspectedRequest['privacy']>
  /** Whether the source was looked at. */
  isKnown: boolean
  /** Whether it can be decoded: of a part of a file it is not known what the rest says. */
  isReadable: boolean
}

/** What of a source is nobody's business, and whether the files say it. */
export function Privacy({ findings, isKnown, isReadable }: PrivacyProps): JSX.Element | null {
  if (!isKnown) return null
  const isSafe = findings.every(({ ships }) => !ships)
  return (
    <section class="card">
      <h2>Privacy</h2>
      {findings.length === 0 && !isReadable ? (
        <p class="dim">Not known: the image cannot be made of its source, which may be damaged.</p>
      ) : findings.length === 0 ? (
        <p class="finding finding--safe">
          <Icon name="shield" /> The source says nothing of where, when or by whom it was made.
        </p>
      ) : (
        <ul class="plain">
          {findings.map(({ kind, ships, message }) => (
            <li key={kind} class={`finding finding--${ships ? 'ships' : 'safe'}`}>
              <Icon name={ships ? 'warning' : 'shield'} /> {message}
            </li>
          ))}
        </ul>
      )}
      {!isSafe && (
        <p class="dim">
          <Words text="Leave out `metadata`, or write `metadata=strip`, to keep it out of the files." />
        </p>
      )}
    </section>
  )
}

const NAMES: Readonly<Record<string, string>> = {
  make: 'Make',
  model: 'Model',
  orientation: 'Orientation',
  datetime: 'Taken at',
  exposure_time: 'Exposure',
  f_number: 'Aperture',
  iso: 'ISO',
  lens: 'Lens',
  focal_length: 'Focal length',
  software: 'Software',
  artist: 'Artist',
  copyright: 'Copyright',
  gps: 'Position',
}

export function Exif({ exif }: { exif: Record<string, unknown> }): JSX.Element | null {
  const rows = Object.entries(exif).filter(([name]) => name in NAMES)
  if (rows.length === 0) return null
  return (
    <section class="card">
      <h2>EXIF of the source</h2>
      <dl class="pairs">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{NAMES[name]}</dt>
            <dd>{exifText(name, value)}</dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

function exifText(name: string, value: unknown): string {
  if (name === 'focal_length') return `${String(value)} mm`
  if (typeof value !== 'object' || value === null) return String(value)
  return Object.entries(value)
    .map(([key, inner]) => `${key} ${String(inner)}`)
    .join(', ')
}
