import type { JSX } from 'preact'
import { isLive, type InspectedRequest, type Inspection } from './data.ts'
import { Icon } from './icons.tsx'
import { elapsed, savedBytes, uncounted } from './list.ts'
import { linkTo } from './route.ts'
import { Gauges } from './top-bar.tsx'
import { Words } from './words.tsx'
import { changeText, count, durationText, formatName, sizeText, splitPath } from './text.ts'

/** What all requests come to. */
export function Overview({ inspection }: { inspection: Inspection }): JSX.Element {
  const { requests, totals } = inspection
  if (requests.length === 0) return <Nothing />
  const sums = requests.map((request) => [request.source.size_bytes ?? 0, savedBytes(request)] as const)
  const made = sums.filter(([, saved]) => saved !== undefined)
  const before = made.reduce((sum, [size]) => sum + size, 0)
  const after = before - made.reduce((sum, [, saved = 0]) => sum + saved, 0)
  const unmade = requests.reduce((sum, request) => sum + uncounted(request), 0)
  const without = unmade > 0 ? `, without ${count(unmade, 'file')} not made yet` : ''
  const unreadable = requests.filter(({ source }) => source.sha256 === undefined).length
  const failed = requests.filter(({ status }) => status === 'failed')
  return (
    <div class="page">
      <a class="back" href={linkTo(undefined)}>
        <Icon name="back" /> The list
      </a>
      <h1>All images</h1>
      <Gauges inspection={inspection} inPage />
      <div class="tiles">
        <Tile
          name="Images"
          value={totals.sources.files.toLocaleString('en')}
          more={`${count(totals.requests, 'import')}${unreadable > 0 ? `, ${unreadable} without a known source` : ''}`}
        />
        <Tile name="Outputs" value={totals.outputs.files.toLocaleString('en')} more={sizeText(totals.outputs.size_bytes)} />
        <Tile
          name="Loaded at most"
          value={sizeText(after)}
          more={before > 0 ? `by a modern browser, ${changeText(before, after)}${without}` : 'nothing is made yet'}
        />
        <Tile
          name="From the cache"
          value={totals.hits + totals.misses === 0 ? '–' : `${Math.round((100 * totals.hits) / (totals.hits + totals.misses))}%`}
          more={`${count(totals.hits, 'hit')}, ${totals.misses} made`}
        />
      </div>
      {failed.length > 0 && <FailedOnes failed={failed} />}
      <section class="card">
        <h2>Bytes by format</h2>
        <div class="formats">
          <Formats title="Sources" sums={totals.sources} />
          <Formats title="Outputs" sums={totals.outputs} />
        </div>
      </section>
      {inspection.left_out !== undefined && inspection.left_out > 0 && (
        <p class="dim">
          The pictures of {count(inspection.left_out, 'import')} are not in this page, which would be too large with all of them. Beside the
          build's files it shows those.
        </p>
      )}
      {inspection.entries && inspection.entries.length > 0 && <Entries entries={inspection.entries} />}
      <div class="halves">
        <Top
          title="Most saved"
          requests={requests.filter((request) => (savedBytes(request) ?? 0) > 0)}
          by={(request) => savedBytes(request) ?? 0}
          text={sizeText}
        />
        <Top title="Largest" requests={requests.filter((request) => largest(request) > 0)} by={largest} text={sizeText} />
        <Top title="Slowest" requests={requests.filter((request) => elapsed(request) > 0)} by={elapsed} text={durationText} />
      </div>
    </div>
  )
}

function FailedOnes({ failed }: { failed: readonly InspectedRequest[] }): JSX.Element {
  return (
    <section class="card card--bad">
      <h2>Failed</h2>
      <ul class="plain">
        {failed.slice(0, 8).map((request) => (
          <li key={request.id}>
            <a href={linkTo(request.id)}>{request.source.path}</a>
            <p>
              <Words
                text={request.error?.message ?? request.outputs.find(({ error }) => error)?.error?.message ?? 'The source is used as it is'}
              />
            </p>
          </li>
        ))}
      </ul>
    </section>
  )
}

/** Bytes of the largest file of a request. */
function largest({ outputs }: InspectedRequest): number {
  return Math.max(0, ...outputs.map(({ size_bytes = 0 }) => size_bytes))
}

function Tile({ name, value, more }: { name: string; value: string; more: string }): JSX.Element {
  return (
    <div class="tile">
      <span class="tile__name">{name}</span>
      <strong class="tile__value">{value}</strong>
      <span class="tile__more">{more}</span>
    </div>
  )
}

function Formats({ title, sums }: { title: string; sums: Inspection['totals']['sources'] }): JSX.Element {
  const rows = Object.entries(sums.by_format).sort(([, a], [, b]) => b.size_bytes - a.size_bytes)
  const most = Math.max(1, ...rows.map(([, { size_bytes }]) => size_bytes))
  return (
    <table>
      <caption>
        {title} <span class="dim">{sizeText(sums.size_bytes)}</span>
      </caption>
      <tbody>
        {rows.map(([format, { files, size_bytes }]) => (
          <tr key={format}>
            <th scope="row">{formatName(format)}</th>
            <td class="bar">
              <span class={`bar__fill bar__fill--${format}`} style={{ width: `${Math.max(1, (100 * size_bytes) / most)}%` }} />
            </td>
            <td>{sizeText(size_bytes)}</td>
            <td class="dim">{count(files, 'file')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Entries({ entries }: { entries: NonNullable<Inspection['entries']> }): JSX.Element {
  const most = Math.max(1, ...entries.map(({ size_bytes }) => size_bytes))
  return (
    <section class="card">
      <h2>Weight of pages</h2>
      <table>
        <tbody>
          {entries
            .toSorted((a, b) => b.size_bytes - a.size_bytes)
            .map(({ name, files, size_bytes, first_size_bytes }) => (
              <tr key={name}>
                <th scope="row" class="entry">
                  {name}
                </th>
                <td class="bar">
                  <span class="bar__fill bar__fill--later" style={{ width: `${Math.max(1, (100 * size_bytes) / most)}%` }}>
                    <span class="bar__fill bar__fill--first" style={{ width: `${(100 * first_size_bytes) / Math.max(1, size_bytes)}%` }} />
                  </span>
                </td>
                <td>{sizeText(size_bytes)}</td>
                <td class="dim">
                  {count(files, 'image')}
                  {first_size_bytes < size_bytes && `, ${sizeText(first_size_bytes)} at first`}
                </td>
              </tr>
            ))}
        </tbody>
      </table>
      <p class="dim">
        Most that a modern browser can load: of each import the largest file of its first format. The darker part needs no dynamic import.
        Budgets count the largest file of any format.
      </p>
    </section>
  )
}

interface TopProps {
  title: string
  requests: readonly InspectedRequest[]
  by(request: InspectedRequest): number
  text(value: number): string
}

function Top({ title, requests, by, text }: TopProps): JSX.Element {
  const most = requests.toSorted((a, b) => by(b) - by(a)).slice(0, 6)
  return (
    <section class="card">
      <h2>{title}</h2>
      {most.length === 0 ? (
        <p class="dim">Nothing is made yet.</p>
      ) : (
        <ol class="top-list">
          {most.map((request) => (
            <li key={request.id}>
              <a href={linkTo(request.id)} title={request.name}>
                {splitPath(request).file}
              </a>
              <span>{text(by(request))}</span>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}

function Nothing(): JSX.Element {
  return (
    <div class="empty">
      <Icon name="image" />
      <h1>No images yet</h1>
      <p>
        {isLive
          ? 'Open a page of the site in another tab. Every image that its modules import appears here, while it is made.'
          : 'This build uses no image that imagemill made.'}
      </p>
    </div>
  )
}
