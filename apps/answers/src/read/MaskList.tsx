// The masks of an answer, one a line: what each is called, how it was read, and whether it is drawn.
import { type Lighting, MarkItem } from './MarkItem.tsx'
import type { Reading } from './reading.ts'
import type { Drawn } from './use-drawn.ts'

export function MaskList({
  reading,
  drawn,
  ...lighting
}: Lighting & { readonly reading: Reading; readonly drawn: readonly (Drawn | undefined)[] }) {
  const { masks, omittedMasks } = reading
  if (masks.length === 0) return null
  return (
    <section aria-label="Masks of the answer">
      <h3>{`${(masks.length + omittedMasks).toLocaleString('en-US')} mask${masks.length === 1 ? '' : 's'}`}</h3>
      <ul className="read-masks">
        {masks.map((mask, i) => (
          <MarkItem
            key={mask.start}
            number={i}
            label={mask.label}
            state={stateOf(mask.status, mask.thought, drawn[i])}
            {...lighting}
          />
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
