import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { linkTo, replace } from './route.ts'

interface Keyed {
  /** The list as it is shown. */
  ids: readonly string[]
  id: string | undefined
  search: RefObject<HTMLInputElement | null>
}

/** `/` searches, arrows go through the list, Enter goes to the details, Esc goes back. */
export function useKeys(keyed: Keyed): void {
  const latest = useRef(keyed)
  latest.current = keyed
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return
      if (act(event, latest.current)) event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  }, [])
}

/** Whether the key meant something. */
function act({ key, target }: KeyboardEvent, { ids, id, search }: Keyed): boolean {
  const isSearch = target === search.current
  const isField = target instanceof HTMLElement && target.matches('input, select, textarea')
  if (key === 'Escape') return isSearch && search.current?.value ? false : back(id)
  if (isField && !isSearch) return false
  if (key === '/' && !isSearch) return focus(search.current)
  const inList = isSearch || (target instanceof HTMLElement && (target === document.body || target.closest('.list') !== null))
  if (!inList) return false
  if (key === 'ArrowDown' || key === 'ArrowUp') return move(ids, id, key === 'ArrowDown' ? 1 : -1) && follow(isSearch)
  if (key === 'Home' && !isSearch) return go(ids[0]) && follow(isSearch)
  if (key === 'End' && !isSearch) return go(ids.at(-1)) && follow(isSearch)
  if (key === 'Enter') {
    const first = id !== undefined && ids.includes(id) ? id : ids[0]
    return go(first) && focus(document.querySelector('#details'))
  }
  return false
}

function move(ids: readonly string[], id: string | undefined, by: number): boolean {
  const at = id === undefined ? -1 : ids.indexOf(id)
  return go(ids[Math.max(0, Math.min(ids.length - 1, at + by))])
}

/** Where the focus is in the list, it goes along; whoever searches goes on typing. */
function follow(isSearch: boolean): true {
  if (!isSearch)
    requestAnimationFrame(() => {
      const row = document.querySelector<HTMLElement>('.row[aria-current]') ?? document.querySelector<HTMLElement>('.list')
      row?.focus({ preventScroll: true })
    })
  return true
}

function go(id: string | undefined): boolean {
  if (id === undefined) return false
  // Going through the list is no history.
  replace(linkTo(id))
  return true
}

function back(id: string | undefined): boolean {
  if (id === undefined) return false
  const row = document.querySelector<HTMLElement>(`[data-id="${id}"]`)
  if (document.activeElement?.closest('#details')) return focus(row ?? document.querySelector('.list'))
  location.hash = linkTo(undefined)
  return true
}

function focus(element: HTMLElement | null): boolean {
  element?.focus()
  return element !== null
}
