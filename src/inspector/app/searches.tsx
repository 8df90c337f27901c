import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { Curve } from './curve.tsx'
import type { InspectedOutput, InspectedSearch } from './data.ts'
import { outputName } from './sides.ts'
import { count, sizeText } from './text.ts'

/** How the quality of an output was found. */
export function Searches({ outputs, picked }: { outputs: readonly InspectedOutput[]; picked: string }): JSX.Element | null {
  const [chosen, setChosen] = useState<string>()
  const searched = outputs.filter(({ search }) => search !== undefined)
  const output = searched.find(({ key }) => key === chosen) ?? searched.find(({ key }) => key === picked) ?? searched[0]
  const search = output?.search
  if (!output || !search) return null
  return (
    <section class="card">
      <div class="card__head">
        <h2>The search for a quality</h2>
        {searched.length > 1 && (
          <span class="choice">
            <select aria-label="Of which output" value={output.key} onChange={({ currentTarget }) => setChosen(currentTarget.value)}>
              {searched.map((each) => (
                <option key={each.key} value={each.key}>
                  {outputName(each)}
                </option>
              ))}
            </select>
          </span>
        )}
      </div>
      <p>{summary(search)}</p>
      {search.tries.length > 0 && (
        <div class="curves">
          <Curve
            name="Bytes"
            points={search.tries.map(({ quality, size_bytes }) => ({ x: quality, y: size_bytes }))}
            chosen={search.final_quality}
            text={sizeText}
            {...(search.target_size !== undefined && {
              target: search.target_size,
              near: search.target_size * (1 - (search.tolerance_percent ?? 0) / 100),
            })}
          />
          {search.target_score !== undefined && (
            <Curve
              name="Score"
              points={search.tries.flatMap(({ quality, score }) => (score === undefined ? [] : [{ x: quality, y: score }]))}
              chosen={search.final_quality}
              text={(score) => score.toFixed(1)}
              target={search.target_score}
            />
          )}
        </div>
      )}
    </section>
  )
}

function summary({ tries, target_size, target_score, final_quality, final_size, final_score, converged }: InspectedSearch): string {
  if (tries.length === 0) return 'The own encoding of the source met the target, so nothing had to be tried.'
  const found = `Quality ${final_quality} after ${count(tries.length, 'try').replace('trys', 'tries')}: ${sizeText(final_size)}`
  if (target_size !== undefined)
    return `${found} of at most ${sizeText(target_size)}${converged ? '' : final_size > target_size ? ', more than the target: no quality of the range is small enough' : ', farther below the target than wanted'}.`
  const score = final_score === undefined ? '' : `, with a score of ${final_score}`
  return `${found}${score}; at least ${target_score} was wanted${converged ? '' : ', which no quality of the range has'}.`
}
