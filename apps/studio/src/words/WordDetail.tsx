// One word close up: − and +, what it says, and what it brings to the mask.

import type { CodecId } from '@maskwords/board/state/types.ts'
import { useMemo } from 'react'
import type { Card } from './cards.ts'
import { type Chip, endsOf, rankOf, stepped, withValue } from './chips.ts'
import { type Contribution, contributionIn } from './contribution.ts'
import { MaskThumb } from './MaskThumb.tsx'
import { setCodes } from './speaker.ts'

type Props = { readonly codec: CodecId; readonly card: Card; readonly chip: Chip; readonly active: Chip }

export function WordDetail({ codec, card, chip, active }: Props) {
  const contribution = useMemo(() => contributionIn(card, chip.index), [card, chip.index])
  const step = (by: number): void => setCodes(codec, withValue(card.codes, active, stepped(active, by)))
  const [first, last] = endsOf(active)
  const near = active.order !== undefined
  const rank = rankOf(chip)
  return (
    <div className="words-detail">
      <span className="words-steps">
        <button
          type="button"
          className="words-button"
          aria-label={`${active.name}: ${near ? 'one neighbour back' : 'one less'}`}
          title={near ? 'Back towards the code that was said' : 'One less'}
          disabled={active.value === first}
          onClick={() => step(-1)}
        >
          −
        </button>
        <button
          type="button"
          className="words-button"
          aria-label={`${active.name}: ${near ? 'next neighbour' : 'one more'}`}
          title={near ? 'The next nearest code to the one that was said' : 'One more'}
          disabled={active.value === last}
          onClick={() => step(1)}
        >
          +
        </button>
      </span>
      <span className="words-says">
        <b>{chip.name.replace(/^\S+ /, '')}</b>: {chip.says}
        {rank !== undefined && rank > 0 && `, neighbour ${rank} of ${chip.order!()[0]}`}
      </span>
      <span className="words-brings">
        {contribution !== undefined
          ? bringsText(contribution)
          : codec === 'getok' && chip.group === 'box'
            ? 'a corner of the box'
            : ''}
      </span>
      <span className="words-thumb-place" aria-hidden="true">
        {contribution !== undefined && <MaskThumb of={contribution} />}
      </span>
    </div>
  )
}

export function bringsText({ addsPx, removesPx }: Pick<Contribution, 'addsPx' | 'removesPx'>): string {
  const count = (px: number): string => `${px.toLocaleString('en')} px`
  if (addsPx === 0 && removesPx === 0) return 'changes nothing'
  if (removesPx === 0) return `adds ${count(addsPx)}`
  if (addsPx === 0) return `takes away ${count(removesPx)}`
  return `adds ${count(addsPx)}, takes away ${count(removesPx)}`
}
