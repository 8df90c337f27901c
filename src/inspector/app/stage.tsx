import type { JSX } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { Zoom } from './compare.tsx'
import type { InspectedOutput } from './data.ts'
import type { Difference } from './difference.ts'

interface StageProps {
  output: InspectedOutput
  /** Nothing where there is nothing to compare with. */
  left: string | undefined
  right: string
  zoom: Zoom
  isHeat: boolean
  difference: Difference | 'failed' | undefined
  /** Told of a picture that is not there, or is none. */
  onBroken(url: string): void
}

interface Point {
  x: number
  y: number
}

/** The frame in which two pictures lie over each other. The line is dragged; a picture that does not fit is dragged too. */
export function Stage({ output, left, right, zoom, isHeat, difference, onBroken }: StageProps): JSX.Element {
  const stage = useRef<HTMLDivElement>(null)
  const [split, setSplit] = useState(50)
  const [pan, setPan] = useState<Point>({ x: 0, y: 0 })
  const box = useSize(stage)
  const scale = zoom === 'fit' ? Math.min(box.x / output.width, box.y / output.height, 1) : zoom / devicePixelRatio
  const size = { x: output.width * scale, y: output.height * scale }
  const free = { x: Math.max(0, size.x - box.x) / 2, y: Math.max(0, size.y - box.y) / 2 }
  const at = { x: clamp(pan.x, free.x), y: clamp(pan.y, free.y) }
  const isLarge = free.x > 0 || free.y > 0
  const frame = {
    width: `${size.x}px`,
    height: `${size.y}px`,
    left: `${(box.x - size.x) / 2 + at.x}px`,
    top: `${(box.y - size.y) / 2 + at.y}px`,
    imageRendering: scale * devicePixelRatio >= 2 ? 'pixelated' : 'auto',
  }
  useEffect(() => setPan({ x: 0, y: 0 }), [zoom, output.key])

  const splitAt = (x: number): void => {
    const { left: from = 0, width = 1 } = stage.current?.getBoundingClientRect() ?? {}
    setSplit(Math.max(0, Math.min(100, (100 * (x - from)) / width)))
  }
  const onDown = (event: PointerEvent): void => {
    if (isLarge) return drag(event, (by) => setPan({ x: at.x + by.x, y: at.y + by.y }))
    if (isHeat || left === undefined) return
    splitAt(event.clientX)
    drag(event, (_, to) => splitAt(to.x))
  }

  return (
    <div
      class={`stage ${isLarge ? 'stage--large' : ''}`}
      ref={stage}
      style={{ height: `${heightOf(output)}px` }}
      onPointerDown={onDown}
      role="group"
      aria-label="Picture"
      tabindex={isLarge ? 0 : undefined}
      onKeyDown={(event) => {
        const by = ARROWS[event.key]
        if (!by || !isLarge || event.target !== event.currentTarget) return
        event.preventDefault()
        setPan({ x: at.x - by.x * 60, y: at.y - by.y * 60 })
      }}
    >
      <img class="stage__picture" src={right} alt="Output" style={frame} draggable={false} onError={() => onBroken(right)} />
      {isHeat && typeof difference === 'object' && <Heat difference={difference} frame={frame} />}
      {!isHeat && left !== undefined && (
        <>
          <div class="stage__left" style={{ clipPath: `inset(0 ${100 - split}% 0 0)` }}>
            <img class="stage__picture" src={left} alt="Source" style={frame} draggable={false} onError={() => onBroken(left)} />
          </div>
          <Line split={split} onSplit={setSplit} splitAt={splitAt} />
        </>
      )}
    </div>
  )
}

/** Tells of every move until the button is let go. */
function drag(event: PointerEvent, move: (by: Point, to: Point) => void): void {
  if (event.button !== 0) return
  event.preventDefault()
  const start = { x: event.clientX, y: event.clientY }
  const onMove = ({ clientX: x, clientY: y }: PointerEvent): void => move({ x: x - start.x, y: y - start.y }, { x, y })
  const stop = (): void => {
    removeEventListener('pointermove', onMove)
    removeEventListener('pointerup', stop)
    removeEventListener('pointercancel', stop)
  }
  addEventListener('pointermove', onMove)
  addEventListener('pointerup', stop)
  addEventListener('pointercancel', stop)
}

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
}

interface LineProps {
  split: number
  onSplit(split: number): void
  splitAt(x: number): void
}

/** The line between the two pictures. */
function Line({ split, onSplit, splitAt }: LineProps): JSX.Element {
  return (
    <div
      class="stage__line"
      role="slider"
      tabindex={0}
      aria-label="Source on the left, output on the right"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={Math.round(split)}
      style={{ left: `${split}%` }}
      onPointerDown={(event) => {
        event.stopPropagation()
        event.currentTarget.focus()
        drag(event, (_, to) => splitAt(to.x))
      }}
      onKeyDown={(event) => {
        const next = SLIDES[event.key]?.(split)
        if (next === undefined) return
        event.preventDefault()
        onSplit(Math.max(0, Math.min(100, next)))
      }}
    />
  )
}

const SLIDES: Readonly<Record<string, (split: number) => number>> = {
  ArrowLeft: (split) => split - 2,
  ArrowRight: (split) => split + 2,
  PageUp: (split) => split + 10,
  PageDown: (split) => split - 10,
  Home: () => 0,
  End: () => 100,
}

function Heat({ difference, frame }: { difference: Difference; frame: Record<string, string> }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null)
  useLayoutEffect(() => canvas.current?.getContext('2d')?.putImageData(difference.pixels, 0, 0), [difference])
  return (
    <canvas
      class="stage__picture"
      ref={canvas}
      width={difference.width}
      height={difference.height}
      style={frame}
      role="img"
      aria-label="Difference: the brighter, the larger"
    />
  )
}

/** Size in px of an element, kept up to date. */
function useSize(element: { current: HTMLElement | null }): Point {
  const [size, setSize] = useState<Point>({ x: 640, y: 400 })
  useLayoutEffect(() => {
    const { current } = element
    if (!current) return
    const update = (): void => setSize({ x: current.clientWidth, y: current.clientHeight })
    const observer = new ResizeObserver(update)
    observer.observe(current)
    update()
    return () => observer.disconnect()
  }, [])
  return size
}

/** As high as the picture is at the usual width of the pane, within reason. */
function heightOf({ width, height }: InspectedOutput): number {
  return Math.round(Math.max(220, Math.min(420, (760 * height) / width, Math.max(height, 220))))
}

function clamp(value: number, most: number): number {
  return Math.max(-most, Math.min(most, value))
}
