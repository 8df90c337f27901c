import { useCallback, useEffect, useMemo, useState } from 'preact/hooks'
import { FORMATS, SORTS, STATUSES, type Wanted } from './list.ts'

/** What the address says: as in `#/request/3f2a…?sort=saved&search=hero`. */
export interface Route {
  /** The request that is shown. */
  id: string | undefined
  /** Whether the overview is asked for: where list and pane do not fit beside each other, the list comes first. */
  isOverview: boolean
  wanted: Wanted
  setWanted(wanted: Wanted): void
}

const ADDRESS = /^#\/(?:(overview)|request\/([0-9a-f]{12}))?(?:\?(.*))?$/s

export function useRoute(): Route {
  const [hash, setHash] = useState(location.hash)
  useEffect(() => {
    const update = (): void => setHash(location.hash)
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  const [, overview, id, query = ''] = ADDRESS.exec(hash) ?? []
  const wanted = useMemo(() => readWanted(query), [query])
  const setWanted = useCallback((changed: Wanted) => replace(location.hash.replace(/\?.*$/s, '') + queryOf(changed)), [])
  return { id, isOverview: overview !== undefined, wanted, setWanted }
}

/** The address of a request, or of the list without one; what the list is searched for stays. */
export function linkTo(id: string | undefined): string {
  return (id === undefined ? '#/' : `#/request/${id}`) + currentQuery()
}

export function linkToOverview(): string {
  return `#/overview${currentQuery()}`
}

/** Goes to an address that is no step of the history. */
export function replace(hash: string): void {
  history.replaceState(null, '', hash === '' || hash.startsWith('?') ? `#/${hash}` : hash)
  dispatchEvent(new HashChangeEvent('hashchange'))
}

function currentQuery(): string {
  return /\?.*$/s.exec(location.hash)?.[0] ?? ''
}

/** What an address says wrongly is as if it did not say it. */
function readWanted(text: string): Wanted {
  const query = new URLSearchParams(text)
  const among = <T extends string>(name: string, known: readonly T[]): T | undefined => known.find((each) => each === query.get(name))
  return {
    search: query.get('search') ?? '',
    sort: among('sort', Object.keys(SORTS) as (keyof typeof SORTS)[]) ?? 'name',
    status: among('status', STATUSES) ?? '',
    format: among('format', FORMATS) ?? '',
  }
}

function queryOf({ search, sort, status, format }: Wanted): string {
  const said = Object.entries({ search, sort: sort === 'name' ? '' : sort, status, format }).filter(([, value]) => value !== '')
  return said.length === 0 ? '' : `?${String(new URLSearchParams(said))}`
}
