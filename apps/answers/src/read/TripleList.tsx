// The relations of a scene graph: subject, predicate, object, each end linked to its mask.
import type { Triple } from './reading.ts'

export function TripleList({
  triples,
  colours,
  lit,
  onLight,
  onPick,
}: {
  readonly triples: readonly Triple[]
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly onLight: (masks: readonly number[]) => void
  readonly onPick: (masks: readonly number[]) => void
}) {
  if (triples.length === 0) return null
  const end = (mask: number | undefined, label: string) =>
    mask === undefined ? (
      <span className="read-piece">{`${label || 'unnamed'} (no mask)`}</span>
    ) : (
      <button
        type="button"
        className={`read-piece read-phrase${lit.includes(mask) ? ' read-lit' : ''}`}
        style={{ '--mask': colours[mask]! } as Record<string, string>}
        aria-pressed={lit.includes(mask)}
        onPointerEnter={() => onLight([mask])}
        onPointerLeave={() => onLight([])}
        onFocus={() => onLight([mask])}
        onBlur={() => onLight([])}
        onClick={() => onPick([mask])}
      >
        {label || `mask ${mask + 1}`}
      </button>
    )
  return (
    <section aria-label="Relations">
      <h3>{`${triples.length} relation${triples.length === 1 ? '' : 's'}`}</h3>
      <ol className="read-triples">
        {triples.map((triple, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: relations may be equal, and their order never changes.
          <li key={i}>
            {end(triple.subject, triple.subjectLabel)}
            <span className="read-predicate">{triple.predicate || '?'}</span>
            {end(triple.object, triple.objectLabel)}
          </li>
        ))}
      </ol>
    </section>
  )
}
