import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Compare } from './compare.tsx'
import { isLive, type InspectedRequest } from './data.ts'
import { Exif, Importers, Privacy } from './facts.tsx'
import { useDetails } from './feed.ts'
import { Icon } from './icons.tsx'
import { elapsed, shipped, uncounted } from './list.ts'
import { OutputsTable } from './outputs-table.tsx'
import { Placeholder } from './placeholder.tsx'
import { linkTo } from './route.ts'
import { Status } from './row.tsx'
import { Searches } from './searches.tsx'
import { firstOutput } from './sides.ts'
import { changeText, count, durationText, formatName, sizeText, splitPath, statusText } from './text.ts'
import { TryPanel } from './try-panel.tsx'
import { Words } from './words.tsx'

/** Everything of one request. */
export function Details({ request: given }: { request: InspectedRequest }): JSX.Element {
  const request = useDetails(given)
  const [picked, setPicked] = useState<string>()
  const { source, outputs, error, warnings = [], placeholder, exif, privacy = [] } = request
  const { folder, file } = splitPath(request)
  const output = outputs.find(({ key }) => key === picked) ?? firstOutput(request)
  return (
    <article class="page">
      <header class="head">
        <a class="back" href={linkTo(undefined)}>
          <Icon name="back" /> All images
        </a>
        <div class="head__title">
          <h1>
            {file} <span class="head__folder">{folder}</span>
          </h1>
          <Status status={request.status} text={statusText(request)} words />
        </div>
        {request.query !== '' && <code class="query">?{request.query}</code>}
        <Facts request={request} />
      </header>
      {error && <Failure error={error} />}
      {outputs.map(
        ({ key, error: own, format, width }) => own && <Failure key={key} error={own} of={`${formatName(format)}, ${width} px`} />,
      )}
      {warnings.map((text) => (
        <p key={text} class="note">
          <Icon name="warning" />
          <span>
            <Words text={text} />
          </span>
        </p>
      ))}
      {output && (
        <>
          <Compare request={request} output={output} onPick={setPicked} />
          <OutputsTable request={request} picked={output.key} onPick={setPicked} />
          <Searches outputs={outputs} picked={output.key} />
        </>
      )}
      {isLive && source.format !== undefined && !source.missing && <TryPanel request={request} />}
      <div class="halves">
        <Placeholder request={request} placeholder={placeholder} />
        <Importers request={request} />
        <Privacy findings={privacy} isKnown={exif !== undefined} isReadable={request.status !== 'failed'} />
        {exif && <Exif exif={exif} />}
      </div>
    </article>
  )
}

function Facts({ request }: { request: InspectedRequest }): JSX.Element {
  const { source, outputs } = request
  const best = shipped(request)
  const unmade = uncounted(request)
  return (
    <dl class="facts">
      <div>
        <dt>Source</dt>
        <dd>
          {source.format === undefined ? (
            source.missing ? (
              'is gone'
            ) : (
              'not known'
            )
          ) : (
            <>
              {formatName(source.format)}, {source.width} × {source.height} px, <strong>{sizeText(source.size_bytes ?? 0)}</strong>
              {source.frames !== undefined && `, ${source.frames} frames`}
            </>
          )}
        </dd>
      </div>
      {best?.size_bytes !== undefined && source.size_bytes !== undefined && (
        <div>
          <dt>A modern browser loads at most</dt>
          <dd>
            <strong>{sizeText(best.size_bytes)}</strong>{' '}
            <span class={best.size_bytes < source.size_bytes ? 'saved' : 'bad'}>{changeText(source.size_bytes, best.size_bytes)}</span>
            {unmade > 0 && <span class="dim"> without {count(unmade, 'file')} not made yet</span>}
          </dd>
        </div>
      )}
      {best === undefined && unmade > 0 && (
        <div>
          <dt>A modern browser loads at most</dt>
          <dd class="dim">not known: {count(unmade, 'file')} not made yet</dd>
        </div>
      )}
      {outputs.length > 0 && (
        <div>
          <dt>{request.cached ? 'Made earlier, in' : 'Made in'}</dt>
          <dd>{elapsed(request) > 0 ? durationText(elapsed(request)) : '–'}</dd>
        </div>
      )}
    </dl>
  )
}

function Failure({ error, of }: { error: NonNullable<InspectedRequest['error']>; of?: string }): JSX.Element {
  return (
    <section class="card card--bad" role="alert">
      <h2>{of === undefined ? 'It failed' : `${of}: it failed`}</h2>
      <p>
        <Words text={`${error.message}.`} />
      </p>
      {error.hint !== undefined && (
        <p>
          <Words text={error.hint} />
        </p>
      )}
      <code>{error.code}</code>
    </section>
  )
}
