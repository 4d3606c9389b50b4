// A box by typed coordinates: drawing without a pointer.
import { useState } from 'react'
import { useStudio } from '../state/store.ts'
import { applyMask } from './select.ts'
import { boxMask } from './tools.ts'

const FIELDS = ['left', 'top', 'right', 'bottom'] as const
type Field = (typeof FIELDS)[number]
const NAMES: Readonly<Record<Field, string>> = { left: 'Left', top: 'Top', right: 'Right', bottom: 'Bottom' }

export function BoxForm() {
  const [texts, setTexts] = useState<Readonly<Record<Field, string>>>({
    left: '',
    top: '',
    right: '',
    bottom: '',
  })
  const picture = useStudio((state) => state.picture)
  if (picture === undefined) return null
  const { widthPx, heightPx } = picture.pixels
  const most = (field: Field) => (field === 'left' || field === 'right' ? widthPx : heightPx)
  const number = (field: Field) => Number.parseInt(texts[field], 10)
  const good =
    FIELDS.every((field) => number(field) >= 0 && number(field) <= most(field)) &&
    number('left') < number('right') &&
    number('top') < number('bottom')
  return (
    <form
      className="box-form"
      aria-label="Box by coordinates"
      onSubmit={(event) => {
        event.preventDefault()
        if (!good) return
        const from = { x: number('left'), y: number('top') }
        const to = { x: number('right'), y: number('bottom') }
        applyMask(boxMask(picture.pixels, from, to), useStudio.getState().combine)
      }}
    >
      {FIELDS.map((field) => (
        <label key={field}>
          <span>{NAMES[field]}</span>
          <input
            type="number"
            inputMode="numeric"
            min={0}
            max={most(field)}
            placeholder={field === 'left' || field === 'top' ? '0' : String(most(field))}
            value={texts[field]}
            onChange={(event) => setTexts({ ...texts, [field]: event.target.value })}
          />
        </label>
      ))}
      <button
        type="submit"
        className="button outlined"
        disabled={!good}
        title="Pixels of the picture, from its top left corner"
      >
        Add box
      </button>
    </form>
  )
}
