import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { isLive, pictureUrl, type InspectedOutput, type InspectedRequest } from './data.ts'
import { differenceOf, type Difference } from './difference.ts'
import { leftSides, outputName } from './sides.ts'
import { Stage } from './stage.tsx'
import { changeText, sizeText } from './text.ts'

interface CompareProps {
  request: InspectedRequest
  /** The one that is looked at. */
  output: InspectedOutput
  onPick(key: string): void
}

const ZOOMS = { fit: 'Fit', 1: '1×', 2: '2×', 4: '4×', 8: '8×' } as const
export type Zoom = keyof typeof ZOOMS

/** Two pictures in one frame with a line between them, or what differs between them. */
export function Compare({ request, output, onPick }: CompareProps): JSX.Element | null {
  const [other, setOther] = useState<string>()
  const [zoom, setZoom] = useState<Zoom>('fit')
  const [wantsHeat, setHeat] = useState(false)
  const [broken, setBroken] = useState<readonly string[]>([])
  const isThere = (url: string | undefined): boolean => url !== undefined && !broken.includes(url)
  const sides = leftSides(request, output).filter((side) => isThere(side.url))
  const left = sides.find(({ id }) => id === other) ?? sides.find(({ isSameSize }) => isSameSize)
  const url = output.status === 'completed' ? pictureUrl(output) : undefined
  const isHeat = wantsHeat && left !== undefined
  const difference = useDifference(isHeat ? left.url : undefined, url)
  const rights = request.outputs.filter((each) => each.key === output.key || (each.status === 'completed' && isThere(pictureUrl(each))))
  if (url === undefined || !isThere(url)) return <NoPicture request={request} output={output} isBroken={url !== undefined} />

  return (
    <section class="card compare">
      <div class="compare__bar">
        <h2 class="hidden">Compare</h2>
        {sides.length > 0 && (
          <>
            <Select
              label="Left"
              value={left?.id ?? ''}
              options={[...(left ? [] : [['', 'Nothing'] as const]), ...sides.map(({ id, name }) => [id, name] as const)]}
              onChange={setOther}
            />
            <span class="dim">against</span>
          </>
        )}
        <Select label="Right" value={output.key} options={rights.map((each) => [each.key, outputName(each)])} onChange={onPick} />
        <Segments label="Zoom" value={String(zoom)} options={ZOOMS} onChange={(value) => setZoom(zoomOf(value))} />
        {left && (
          <Segments
            label="What is shown"
            value={isHeat ? 'heat' : 'slider'}
            options={{ slider: 'Slider', heat: 'Difference' }}
            onChange={(value) => setHeat(value === 'heat')}
          />
        )}
      </div>
      <Stage
        output={output}
        left={left?.url}
        right={url}
        zoom={zoom}
        difference={isHeat ? difference : undefined}
        isHeat={isHeat}
        onBroken={(picture) => setBroken((known) => [...known, picture])}
      />
      <p class="compare__captions">
        <span>
          {left ? left.name : alone(request)} {left?.size_bytes !== undefined && <strong>{sizeText(left.size_bytes)}</strong>}
        </span>
        {isHeat && <DifferenceText difference={difference} />}
        <span>
          {outputName(output)} <strong>{sizeText(output.size_bytes ?? 0)}</strong>{' '}
          {left?.size_bytes !== undefined && changeText(left.size_bytes, output.size_bytes ?? 0)}
        </span>
      </p>
    </section>
  )
}

/** Why an output is shown without anything beside it. */
function alone({ source }: InspectedRequest): string {
  if (source.missing) return 'The source is gone: there is nothing to compare with'
  return isLive ? 'Nothing of this size to compare with' : 'This page holds no source of this size'
}

interface SelectProps {
  label: string
  value: string
  options: readonly (readonly [value: string, name: string])[]
  onChange(value: string): void
}

function Select({ label, value, options, onChange }: SelectProps): JSX.Element {
  return (
    <span class="choice">
      <select aria-label={label} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value)}>
        {options.map(([each, name]) => (
          <option key={each} value={each}>
            {name}
          </option>
        ))}
      </select>
    </span>
  )
}

function zoomOf(value: string): Zoom {
  return value === 'fit' ? 'fit' : (([1, 2, 4, 8] as const).find((zoom) => String(zoom) === value) ?? 'fit')
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

interface NoPictureProps {
  request: InspectedRequest
  output: InspectedOutput
  /** Whether it was looked for in vain. */
  isBroken: boolean
}

function NoPicture({ request, output, isBroken }: NoPictureProps): JSX.Element | null {
  if (output.status === 'failed') return null
  return (
    <section class="card compare compare--none">
      {request.thumbnail !== undefined && <img src={request.thumbnail} alt="" />}
      <p class="dim">{whyNot(request, output, isBroken)}</p>
    </section>
  )
}

function whyNot({ source }: InspectedRequest, { status, path }: InspectedOutput, isBroken: boolean): string {
  if (isBroken && isLive) return 'The browser cannot show this file.'
  if (isBroken) return `${path ?? 'The file'} is not beside this page, which was moved without the folder of the build.`
  if (!isLive) return 'This page does not hold the picture: it is too large, or there are too many.'
  if (status === 'processing') return 'It is being made.'
  if (source.missing) return 'The source is gone, and this file was not made before that.'
  return 'No page has asked for this file yet. It is made when one does, or from the table below.'
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
