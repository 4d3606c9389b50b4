// One line of the lists of masks and boxes: it lights up with its places in the text and on the picture.

export type Lighting = {
  /** By number of mask or box. */
  readonly colours: readonly string[]
  readonly lit: readonly number[]
  readonly onLight: (numbers: readonly number[]) => void
  readonly onPick: (numbers: readonly number[]) => void
}

export function MarkItem({
  number,
  label,
  state,
  colours,
  lit,
  onLight,
  onPick,
}: Lighting & { readonly number: number; readonly label: string; readonly state: string }) {
  return (
    <li>
      <button
        type="button"
        className={lit.includes(number) ? 'read-lit' : ''}
        style={{ '--mask': colours[number]! } as Record<string, string>}
        aria-pressed={lit.includes(number)}
        onPointerEnter={() => onLight([number])}
        onPointerLeave={() => onLight([])}
        onFocus={() => onLight([number])}
        onBlur={() => onLight([])}
        onClick={() => onPick([number])}
      >
        <span className="read-swatch" aria-hidden="true" />
        <span className="read-label">{label}</span>
        <span className="read-state">{state}</span>
      </button>
    </li>
  )
}
