import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { thumbnailUrl, type InspectedRequest } from './data.ts'
import { Icon } from './icons.tsx'
import { shipped } from './list.ts'
import { linkTo } from './route.ts'
import { STATUS_NAMES, changeText, formatName, sizeText, splitPath, statusText } from './text.ts'

export function Row({ request, isSelected }: { request: InspectedRequest; isSelected: boolean }): JSX.Element {
  const { id, source, outputs, status, query } = request
  const { folder, file } = splitPath(request)
  const formats = [...new Set(outputs.map(({ format }) => format))]
  const widths = new Set(outputs.map(({ width }) => width)).size
  return (
    <a
      class="row"
      href={linkTo(id)}
      data-id={id}
      aria-current={isSelected ? 'true' : undefined}
      title={`${source.path}${query && `?${query}`}`}
    >
      <Thumbnail request={request} />
      <span class="row__text">
        <span class="row__name">
          <span class="row__file">{file}</span>
          <span class="row__folder">{lastFolders(folder)}</span>
        </span>
        <span class="row__facts">
          {formats.map((format) => (
            <span key={format} class={`format format--${format}`}>
              {formatName(format)}
            </span>
          ))}
          {outputs.length > 0 && <span class="dim">{widths === 1 ? `${outputs[0]?.width} px` : `${widths} sizes`}</span>}
          {outputs.length > 0 && <span class="row__query dim">{distinctQuery(query)}</span>}
          {outputs.length === 0 && <span class="bad">{request.error?.code ?? ''}</span>}
        </span>
      </span>
      <span class="row__bytes">
        <Bytes request={request} />
        <Status status={status} text={statusText(request)} />
      </span>
    </a>
  )
}

/** The end of a path tells more than its begin. */
function lastFolders(folder: string): string {
  const parts = folder.split('/').filter(Boolean)
  return parts.length > 2 ? `…/${parts.slice(-2).join('/')}` : folder
}

/** What of a query the rest of the row does not say. */
function distinctQuery(query: string): string {
  return query
    .split('&')
    .filter((part) => !/^(?:w|format|as|preset)=/.test(part))
    .join(' ')
}

function Bytes({ request }: { request: InspectedRequest }): JSX.Element | null {
  const { size_bytes } = request.source
  const best = shipped(request)?.size_bytes
  if (size_bytes === undefined) return null
  if (best === undefined) return <span class="dim">{sizeText(size_bytes)}</span>
  return (
    <>
      <span class={best < size_bytes ? 'saved' : 'dim'}>{changeText(size_bytes, best)}</span>
      <span class="dim">{sizeText(best)}</span>
    </>
  )
}

const ICONS = { completed: 'check', partial: 'part', processing: 'spinner', waiting: 'clock', failed: 'cross' } as const

interface StatusProps {
  status: InspectedRequest['status']
  /** What it says in words. */
  text?: string
  /** Whether the words are shown, and not only told. */
  words?: boolean
}

export function Status({ status, text = STATUS_NAMES[status], words = false }: StatusProps): JSX.Element {
  return (
    <span class={`status status--${status}`} title={text}>
      <Icon name={ICONS[status]} />
      <span class={words ? '' : 'hidden'}>{text}</span>
    </span>
  )
}

/** A small picture, or in its place a drawing where there is none. */
export function Thumbnail({ request }: { request: InspectedRequest }): JSX.Element {
  const [failed, setFailed] = useState<string>()
  const url = request.outputs.length > 0 && request.source.format !== undefined ? thumbnailUrl(request) : undefined
  return (
    <span class="thumbnail">
      {url === undefined || url === failed ? (
        <Icon name={request.status === 'failed' ? 'warning' : 'image'} />
      ) : (
        <img src={url} alt="" loading="lazy" decoding="async" onError={() => setFailed(url)} />
      )}
    </span>
  )
}
