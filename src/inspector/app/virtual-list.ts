import type { RefObject } from 'preact'
import { useLayoutEffect, useRef, useState } from 'preact/hooks'

/** Height of a row in px, as in the style sheet. */
export const ROW = 68

/** Rows that are there above and below what can be seen. */
const MORE = 6

/** Which rows of a long list have to be there: those that can be seen, and some more. The one that is selected is scrolled to. */
export function useVirtualList(length: number, selected: number): { list: RefObject<HTMLDivElement | null>; first: number; last: number } {
  const list = useRef<HTMLDivElement>(null)
  const [view, setView] = useState({ top: 0, height: 800 })
  const hasRows = length > 0
  useLayoutEffect(() => {
    const box = list.current
    if (!box) return
    const update = (): void => setView({ top: box.scrollTop, height: box.clientHeight })
    const observer = new ResizeObserver(update)
    observer.observe(box)
    box.addEventListener('scroll', update, { passive: true })
    return () => {
      observer.disconnect()
      box.removeEventListener('scroll', update)
    }
  }, [hasRows])
  useLayoutEffect(() => {
    const box = list.current
    if (!box || selected < 0) return
    const [top, bottom] = [selected * ROW, (selected + 1) * ROW]
    if (top < box.scrollTop) box.scrollTop = top
    else if (bottom > box.scrollTop + box.clientHeight) box.scrollTop = bottom - box.clientHeight
  }, [selected])
  return {
    list,
    first: Math.max(0, Math.floor(view.top / ROW) - MORE),
    last: Math.min(length, Math.ceil((view.top + view.height) / ROW) + MORE),
  }
}
