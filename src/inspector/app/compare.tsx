import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { isLive, outputUrl, referenceUrl, sourceUrl, type InspectedOutput, type InspectedRequest } from './data.ts'
import { differenceOf, type Difference } from './difference.ts'
import { Stage } from './stage.tsx'
import { changeText, formatName, sizeText } from './text.ts'

interface CompareProps {
  request: InspectedRequest
  /** The one that is looked at. */
  output: InspectedOutput
  onPick(key: string): void
}

interface Side {
  id: string
  name: string
  url: string
  size_bytes?: number | undefined
}

const ZOOMS = { fit: 'Fit', 1: '1×', 2: '2×', 4: '4×', 8: '8×' } as const
export type Zoom = keyof typeof ZOOMS

/** Two pictures in one frame with a line between them, or what differs between them. */
export function Compare({ request, output, onPick }: CompareProps): JSX.Element | null {
  const [other, setOther] = useState('reference')
  const [zoom, setZoom] = useState<Zoom>('fit')
  const [isHeat, setHeat] = useState(false)
  const sides = leftSides(request, output)
  const left = sides.find(({ id }) => id === other) ?? sides[0]
  const url = output.status === 'completed' ? outputUrl(output) : undefined
  const difference = useDifference(isHeat ? left?.url : undefined, url)
  const rights = request.outputs.filter((each) => each.status === 'completed' && outputUrl(each) !== undefined)
  if (url === undefined || !left) return <NoPicture request={request} output={output} />

  return (
    <section class="card compare">
      <div class="compare__bar">
        <h2 class="hidden">Compare</h2>
        <span class="choice">
          <select aria-label="Left" value={left.id} onChange={({ currentTarget }) => setOther(currentTarget.value)}>
            {sides.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </span>
        <span class="dim">against</span>
        <span class="choice">
          <select aria-label="Right" value={output.key} onChange={({ currentTarget }) => onPick(currentTarget.value)}>
            {rights.map((each) => (
              <option key={each.key} value={each.key}>
                {outputName(each)}
              </option>
            ))}
          </select>
        </span>
        <span class="space" />
        <Segments label="Zoom" value={String(zoom)} options={ZOOMS} onChange={(value) => setZoom(zoomOf(value))} />
        <Segments
          label="What is shown"
          value={isHeat ? 'heat' : 'slider'}
          options={{ slider: 'Slider', heat: 'Difference' }}
          onChange={(value) => setHeat(value === 'heat')}
        />
      </div>
      <Stage output={output} left={left.url} right={url} zoom={zoom} difference={isHeat ? difference : undefined} isHeat={isHeat} />
      <p class="compare__captions">
        <span>
          {left.name} {left.size_bytes !== undefined && <strong>{sizeText(left.size_bytes)}</strong>}
        </span>
        {isHeat && <DifferenceText difference={difference} />}
        <span>
          {outputName(output)} <strong>{sizeText(output.size_bytes ?? 0)}</strong>{' '}
          {left.size_bytes !== undefined && changeText(left.size_bytes, output.size_bytes ?? 0)}
        </span>
      </p>
    </section>
  )
}

function zoomOf(value: string): Zoom {
  return value === 'fit' ? 'fit' : (([1, 2, 4, 8] as const).find((zoom) => String(zoom) === value) ?? 'fit')
}

export function outputName({ format, width, height, quality, media }: InspectedOutput): string {
  const more = [quality === undefined ? '' : `q${quality}`, media ?? ''].filter(Boolean).join(', ')
  return `${formatName(format)} ${width} × ${height}${more && ` (${more})`}`
}

/** What an output can be compared with. The source is brought to the size of the output: without loss, by the engine. */
function leftSides(request: InspectedRequest, output: InspectedOutput): Side[] {
  const { source, outputs } = request
  const sides: Side[] = []
  const reference = source.missing ? undefined : referenceUrl(request, output)
  if (reference !== undefined) sides.push({ id: 'reference', name: 'Source at this size', url: reference })
  const whole = source.missing || source.format === 'tiff' ? undefined : sourceUrl(request)
  const { width = 1, height = 1 } = source
  const isWhole = Math.abs((width / height) * (output.height / output.width) - 1) < 0.02
  if (whole !== undefined && isWhole)
    sides.push({ id: 'source', name: `Source file, ${width} × ${height}`, url: whole, size_bytes: source.size_bytes })
  const distance = ({ width: other }: InspectedOutput): number => Math.abs(other - output.width)
  // Those of the same size tell the most.
  for (const each of outputs.toSorted((a, b) => distance(a) - distance(b))) {
    const url = each.status === 'completed' && each.key !== output.key ? outputUrl(each) : undefined
    if (url !== undefined) sides.push({ id: each.key, name: outputName(each), url, size_bytes: each.size_bytes })
  }
  return sides
}

function useDifference(left: string | undefined, right: string | undefined): Difference | 'failed' | undefined {
  const [difference, setDifference] = useState<Difference | 'failed'>()
  useEffect(() => {
    setDifference(undefined)
    if (left === undefined || right === undefined) return
    let wanted = true
    differenceOf(left, right)
      .then((found) => wanted && setDifference(found))
      .catch(() => wanted && setDifference('failed'))
    return () => {
      wanted = false
    }
  }, [left, right])
  return difference
}

function DifferenceText({ difference }: { difference: Difference | 'failed' | undefined }): JSX.Element {
  if (difference === undefined) return <span class="dim">Comparing…</span>
  if (difference === 'failed') return <span class="dim">The pixels cannot be read from a file; open the page through a server.</span>
  const { mean, most, changed } = difference
  return (
    <span class="heat-scale">
      <span class="heat-scale__bar" aria-hidden="true" />
      {mean.toFixed(2)} of 255 on average, {most} at most, {(100 * changed).toFixed(1)}% of the pixels differ by 8 or more
    </span>
  )
}

function NoPicture({ request, output }: { request: InspectedRequest; output: InspectedOutput }): JSX.Element | null {
  if (isLive && output.status === 'failed') return null
  const text = !isLive
    ? 'The pictures are in the build folder.'
    : output.status === 'processing'
      ? 'It is being made.'
      : request.source.missing
        ? 'The source is gone, and this file was not made.'
        : 'No page has asked for this file yet. It is made when one does, or from the table below.'
  return (
    <section class="card compare compare--none">
      {request.thumbnail !== undefined && <img src={request.thumbnail} alt="" />}
      <p class="dim">{text}</p>
    </section>
  )
}

interface SegmentsProps {
  label: string
  value: string
  options: Readonly<Record<string, string>>
  onChange(value: string): void
}

export function Segments({ label, value, options, onChange }: SegmentsProps): JSX.Element {
  return (
    <fieldset class="segments">
      <legend class="hidden">{label}</legend>
      {Object.entries(options)
        // Numbers come first among the keys of an object.
        .sort(([a], [b]) => Number(b === 'fit') - Number(a === 'fit'))
        .map(([each, name]) => (
          <label key={each}>
            <input type="radio" name={label} value={each} checked={each === value} onChange={() => onChange(each)} />
            <span>{name}</span>
          </label>
        ))}
    </fieldset>
  )
}
