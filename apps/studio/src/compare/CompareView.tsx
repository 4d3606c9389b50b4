// The view "compare": a region's mask beside what each codec's words draw of it, where they differ, and what bits buy.

import { select, selectedRegion, useStudio } from '@maskwords/board/state/store.ts'
import { CODECS } from '@maskwords/board/state/types.ts'
import { useEffect, useMemo } from 'react'
import { registerChoiceInUrl, useChoice } from './choice.ts'
import { type Comparison, useComparisons } from './comparisons.ts'
import { RateCurve } from './RateCurve.tsx'
import { RegionPictures } from './RegionPictures.tsx'
import { ScoreTable } from './ScoreTable.tsx'
import { useShapePoints } from './shape-points.ts'
import './style.css'

export function CompareView() {
  const picture = useStudio((state) => state.picture)
  const regions = useStudio((state) => state.document.regions)
  const region = useStudio(selectedRegion) ?? regions[0]
  const comparisons = useComparisons(picture, region)
  const shapes = useShapePoints(picture, region)
  const whole = useChoice((choice) => choice.whole)
  useEffect(registerChoiceInUrl, [])
  const points = useMemo(
    () => [
      ...CODECS.flatMap((codec) => {
        const comparison = comparisons[codec]
        return comparison.state === 'ready' ? (comparison.rate ?? []) : []
      }),
      ...shapes.points,
    ],
    [comparisons, shapes.points],
  )
  if (picture === undefined || region === undefined || region.mask.edges.length === 0) {
    return (
      <section className="compare" aria-label="Compare">
        <p className="compare-empty">
          {picture === undefined
            ? 'Open a picture and draw a region: here it is compared with what each codec makes of it.'
            : 'Draw or load a region in the view "Draw": here it is compared with what each codec makes of it.'}
        </p>
      </section>
    )
  }
  const waiting = CODECS.filter((codec) => comparisons[codec].state === 'waiting')
  const curveState =
    shapes.state === 'failed'
      ? `The shapes could not be measured: ${shapes.message}`
      : shapes.state === 'waiting' ||
          waiting.length > 0 ||
          CODECS.some((codec) => isMeasuring(comparisons[codec]))
        ? 'measuring ...'
        : undefined
  return (
    <section className="compare" aria-label="Compare">
      <header className="compare-bar">
        <label>
          Region{' '}
          <select value={region.id} onChange={({ target }) => select(target.value)}>
            {regions.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend>Show</legend>
          <label>
            <input
              type="radio"
              name="compare-frame"
              checked={!whole}
              onChange={() => useChoice.setState({ whole: false })}
            />
            Around the region
          </label>
          <label>
            <input
              type="radio"
              name="compare-frame"
              checked={whole}
              onChange={() => useChoice.setState({ whole: true })}
            />
            Whole picture
          </label>
        </fieldset>
        <p role="status" className="compare-state">
          {waiting.length > 0 ? `${waiting.length} of ${CODECS.length} codecs at work` : ''}
        </p>
      </header>
      <RegionPictures picture={picture} region={region} comparisons={comparisons} whole={whole} />
      <ScoreTable comparisons={comparisons} />
      <RateCurve points={points} name={region.name} waiting={curveState} />
    </section>
  )
}

const isMeasuring = (comparison: Comparison): boolean =>
  comparison.state === 'ready' && comparison.rate === undefined
