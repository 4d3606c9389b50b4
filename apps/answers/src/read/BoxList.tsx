// The boxes of an answer, one a line: what each is called, and where it is.
import { boxToXyxyPx } from '@maskwords/words'
import type { ReadBox } from './draft.ts'
import { type Lighting, MarkItem } from './MarkItem.tsx'
import type { Reading } from './reading.ts'

type SizePx = { readonly widthPx: number; readonly heightPx: number }

export function BoxList({
  reading,
  size,
  ...lighting
}: Lighting & {
  readonly reading: Reading
  /** Of the picture; undefined where none is open. */
  readonly size: SizePx | undefined
}) {
  const { masks, boxes, omittedBoxes } = reading
  if (boxes.length === 0) return null
  const count = boxes.length + omittedBoxes
  return (
    <section aria-label="Boxes of the answer">
      <h3>{`${count.toLocaleString('en-US')} ${count === 1 ? 'box' : 'boxes'}`}</h3>
      <ul className="read-masks">
        {boxes.map((one, i) => (
          <MarkItem
            key={`${one.label} ${one.box} ${one.thought}`}
            number={masks.length + i}
            label={one.label}
            state={stateOf(one, size)}
            {...lighting}
          />
        ))}
      </ul>
      {omittedBoxes > 0 && (
        <p>{`${omittedBoxes.toLocaleString('en-US')} more boxes are not listed and not drawn.`}</p>
      )}
    </section>
  )
}

function stateOf({ box, thought }: ReadBox, size: SizePx | undefined): string {
  const [left, top, right, bottom] = size === undefined ? box : boxToXyxyPx(box, size).map(Math.round)
  const unit = size === undefined ? 'of 999' : 'px'
  return `${thought ? 'in the thought, ' : ''}x ${left} to ${right}, y ${top} to ${bottom} ${unit}`
}
