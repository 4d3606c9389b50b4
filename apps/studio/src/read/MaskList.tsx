// The masks of an answer, one a line: what each is called, how it was read, and whether it is drawn.
import type { Reading } from './reading.ts'
import type { Drawn } from './use-drawn.ts'

export function MaskList({
  reading,
  drawn,
  colours,
  lit,
  onLight,
  onPick,
}: {
  readonly reading: Reading
  readonly drawn: readonly (Drawn | undefined)[]
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly onLight: (masks: readonly number[]) => void
  readonly onPick: (masks: readonly number[]) => void
}) {
  const { masks, omittedMasks } = reading
  if (masks.length === 0) return null
  return (
    <section aria-label="Masks of the answer">
      <h3>{`${(masks.length + omittedMasks).toLocaleString('en-US')} mask${masks.length === 1 ? '' : 's'}`}</h3>
      <ul className="read-masks">
        {masks.map((mask, i) => (
          <li key={mask.start}>
            <button
              type="button"
              className={lit.includes(i) ? 'read-lit' : ''}
              style={{ '--mask': colours[i]! } as Record<string, string>}
              aria-pressed={lit.includes(i)}
              onPointerEnter={() => onLight([i])}
              onPointerLeave={() => onLight([])}
              onFocus={() => onLight([i])}
              onBlur={() => onLight([])}
              onClick={() => onPick([i])}
            >
              <span className="read-swatch" aria-hidden="true" />
              <span className="read-label">{mask.label}</span>
              <span className="read-state">{stateOf(mask.status, mask.thought, drawn[i])}</span>
            </button>
          </li>
        ))}
      </ul>
      {omittedMasks > 0 && (
        <p>{`${omittedMasks.toLocaleString('en-US')} more masks are not listed and not drawn.`}</p>
      )}
    </section>
  )
}

function stateOf(status: string, thought: boolean, drawn: Drawn | undefined): string {
  const parts = [
    ...(thought ? ['in the thought'] : []),
    ...(status === 'complete' ? [] : [status]),
    ...(drawn === undefined ? (status === 'rejected' ? [] : ['not drawn']) : []),
    ...(drawn?.state === 'failed' ? [`could not be drawn: ${drawn.message}`] : []),
    ...(drawn?.state === 'drawn' && drawn.mask.edges.length === 0 ? ['draws nothing'] : []),
    ...(drawn?.state === 'drawn' && drawn.score !== undefined ? [`score ${drawn.score.toFixed(2)}`] : []),
  ]
  return parts.join(', ')
}
