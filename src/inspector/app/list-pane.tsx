import type { JSX, RefObject } from 'preact'
import { isLive, type InspectedRequest } from './data.ts'
import { Icon } from './icons.tsx'
import { FORMATS, SORTS, STATUSES, type Wanted } from './list.ts'
import { linkToOverview } from './route.ts'
import { Row } from './row.tsx'
import { FORMAT_NAMES, STATUS_NAMES, count } from './text.ts'
import { ROW, useVirtualList } from './virtual-list.ts'

interface ListPaneProps {
  all: readonly InspectedRequest[]
  /** Those that are shown. */
  requests: readonly InspectedRequest[]
  wanted: Wanted
  onWanted(wanted: Wanted): void
  selected: string | undefined
  search: RefObject<HTMLInputElement | null>
}

export function ListPane({ all, requests, wanted, onWanted, selected, search }: ListPaneProps): JSX.Element {
  const at = requests.findIndex(({ id }) => id === selected)
  const { list, first, last } = useVirtualList(requests.length, at)
  const set = (change: Partial<Wanted>): void => onWanted({ ...wanted, ...change })
  const failed = all.filter(({ status }) => status === 'failed').length
  return (
    <nav class="side" aria-label="Images">
      <div class="tools" role="search">
        <label class="search">
          <Icon name="search" />
          <span class="hidden">Search</span>
          <input
            ref={search}
            type="search"
            placeholder="Search files, queries, importers"
            value={wanted.search}
            onInput={({ currentTarget }) => set({ search: currentTarget.value })}
          />
          <kbd aria-hidden="true">/</kbd>
        </label>
        <div class="tools__row">
          <Choice label="Sort by" value={wanted.sort} options={SORTS} onChange={(sort) => set({ sort })} />
          <Choice
            label="Status"
            value={wanted.status}
            options={{ '': 'Status', ...Object.fromEntries(STATUSES.map((status) => [status, STATUS_NAMES[status]])) }}
            onChange={(status) => set({ status })}
          />
          <Choice
            label="Format"
            value={wanted.format}
            options={{ '': 'Format', ...Object.fromEntries(FORMATS.map((format) => [format, FORMAT_NAMES[format] ?? format])) }}
            onChange={(format) => set({ format })}
          />
        </div>
        <div class="tools__count">
          <p role="status">
            {requests.length === all.length ? count(all.length, 'image') : `${requests.length} of ${count(all.length, 'image')}`}
          </p>
          <a class="to-overview" href={linkToOverview()}>
            Overview
          </a>
          {failed > 0 && wanted.status !== 'failed' && (
            <button type="button" class="link link--bad" onClick={() => set({ status: 'failed' })}>
              {failed} failed
            </button>
          )}
        </div>
      </div>
      {requests.length === 0 ? (
        <NoRows isEmpty={all.length === 0} onReset={() => onWanted({ ...wanted, search: '', status: '', format: '' })} />
      ) : (
        <div class="list" ref={list} tabindex={-1}>
          <ul style={{ height: `${requests.length * ROW}px` }}>
            {requests.slice(first, last).map((request, index) => (
              <li
                key={request.id}
                style={{ transform: `translateY(${(first + index) * ROW}px)`, height: `${ROW}px` }}
                aria-setsize={requests.length}
                aria-posinset={first + index + 1}
              >
                <Row request={request} isSelected={request.id === selected} />
              </li>
            ))}
          </ul>
        </div>
      )}
    </nav>
  )
}

interface ChoiceProps<T extends string> {
  label: string
  value: T
  options: Readonly<Record<T, string>>
  onChange(value: T): void
}

function Choice<T extends string>({ label, value, options, onChange }: ChoiceProps<T>): JSX.Element {
  const names = Object.keys(options) as T[]
  return (
    <span class="choice">
      <select aria-label={label} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {names.map((name) => (
          <option key={name} value={name}>
            {options[name]}
          </option>
        ))}
      </select>
    </span>
  )
}

function NoRows({ isEmpty, onReset }: { isEmpty: boolean; onReset(): void }): JSX.Element {
  if (!isEmpty)
    return (
      <div class="empty empty--small">
        <p>No image is like that.</p>
        <button type="button" class="button" onClick={onReset}>
          Show all
        </button>
      </div>
    )
  return (
    <div class="empty empty--small">
      <Icon name="image" />
      <p>No images yet.</p>
      <p class="dim">
        {isLive ? 'Open a page of the site: an image is listed here when a module that imports it is loaded.' : 'The build uses none.'}
      </p>
      {isLive && <code>{EXAMPLE}</code>}
    </div>
  )
}

const EXAMPLE = "import hero from './hero.jpg?w=320;640&format=avif;webp'"
