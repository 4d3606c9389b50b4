// The words of a mask as spin controls: arrows, wheel and digits change one, and the mask follows.

import type { CodecId } from '@maskwords/board/state/types.ts'
import { type KeyboardEvent, memo, useEffect, useId, useRef, useState } from 'react'
import { type Chip, effectOfKey, rankOf, stepped, typedProblem, typedValue, withValue } from './chips.ts'
import { light, setCodes } from './speaker.ts'

type Props = {
  readonly codec: CodecId
  readonly chips: readonly Chip[]
  readonly codes: readonly number[]
  /** What the codec itself said; differing chips are marked. */
  readonly said: readonly number[] | undefined
  /** Words that are read; later ones are dim. */
  readonly length: number
  /** The chip that Tab comes to, and that − and + change. */
  readonly active: number
  onActive(index: number): void
}

const GROUPS = { words: 'words', box: 'box', points: 'points', offsets: 'offsets' } as const

/** Drawings that come in behind do not change the chips: not drawn again then. */
export const ChipList = memo(function ChipList(props: Props) {
  const { codec, chips, codes, said, length, active, onActive } = props
  const list = useRef<HTMLDivElement>(null)
  /** What was typed last and is no number of its chip; told until another word is touched. */
  const [problem, setProblem] = useState<{ readonly index: number; readonly text: string }>()
  const focus = (index: number): void => {
    const at = Math.min(chips.length - 1, Math.max(0, index))
    list.current?.querySelector<HTMLInputElement>(`[data-index="${at}"]`)?.focus()
  }
  useWheel(list, (index, by) => {
    const chip = chips[index]
    if (chip !== undefined) setCodes(codec, withValue(codes, chip, stepped(chip, by)))
  })
  const groups = (Object.keys(GROUPS) as (keyof typeof GROUPS)[]).filter((group) =>
    chips.some((chip) => chip.group === group),
  )
  const problemId = useId()
  return (
    <div className="words-chips" ref={list} onPointerLeave={() => light(codec, focusedIndex(list.current))}>
      {groups.map((group) => (
        <ul
          key={group}
          className="words-chip-group"
          aria-label={`${chips[0]!.name.split(' ')[0]} ${GROUPS[group]}`}
        >
          {groups.length > 1 && (
            <li className="words-chip-title" aria-hidden="true">
              {GROUPS[group]}
            </li>
          )}
          {chips
            .filter((chip) => chip.group === group)
            .map((chip) => (
              <li key={chip.index}>
                <ChipInput
                  codec={codec}
                  chip={chip}
                  codes={codes}
                  changed={said !== undefined && said[chip.index] !== codes[chip.index]}
                  unread={chip.index >= length}
                  tabbable={chip.index === active}
                  problemId={problem?.index === chip.index ? problemId : undefined}
                  onActive={onActive}
                  onProblem={(text) =>
                    setProblem(text === undefined ? undefined : { index: chip.index, text })
                  }
                  focus={focus}
                />
              </li>
            ))}
        </ul>
      ))}
      {problem !== undefined && (
        <p className="words-problem" role="alert" id={problemId}>
          {problem.text}
        </p>
      )}
    </div>
  )
})

function ChipInput(props: {
  readonly codec: CodecId
  readonly chip: Chip
  readonly codes: readonly number[]
  readonly changed: boolean
  readonly unread: boolean
  readonly tabbable: boolean
  /** Of the text that says what is wrong with what was typed. */
  readonly problemId: string | undefined
  onActive(index: number): void
  onProblem(text: string | undefined): void
  focus(index: number): void
}) {
  const { codec, chip, codes, changed, unread, tabbable, problemId, onActive, onProblem, focus } = props
  /** What is being typed; undefined while nothing is. */
  const [draft, setDraft] = useState<string>()
  const wrong = problemId !== undefined
  const change = (text: string): void => {
    setDraft(text)
    onProblem(typedProblem(text, chip))
    const value = typedValue(text, chip)
    if (value !== undefined) setCodes(codec, withValue(codes, chip, value))
  }
  const press = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === 'Enter' || event.key === 'Escape') {
      // What is wrong stays said; the number is the one before again.
      setDraft(undefined)
      if (event.key === 'Escape') onProblem(undefined)
      event.stopPropagation()
      return
    }
    const effect = effectOfKey(event.key, chip)
    if (effect === undefined) return
    // While something is typed, these keys move the cursor in it.
    if (draft !== undefined && ('move' in effect || event.key === 'Home' || event.key === 'End')) return
    event.preventDefault()
    event.stopPropagation()
    setDraft(undefined)
    onProblem(undefined)
    if ('move' in effect) focus(chip.index + effect.move)
    else setCodes(codec, withValue(codes, chip, effect.value))
  }
  return (
    <input
      className="words-chip"
      role="spinbutton"
      aria-label={chip.name}
      aria-valuenow={chip.value ?? chip.least}
      aria-valuemin={chip.least}
      aria-valuemax={chip.most}
      aria-valuetext={changed ? `${chip.says}, changed` : chip.says}
      aria-invalid={wrong}
      aria-describedby={problemId}
      title={`${chip.name}: ${chip.says}${changed ? changedText(chip) : ''}${unread ? ', not read' : ''}`}
      inputMode="numeric"
      autoComplete="off"
      spellCheck={false}
      data-index={chip.index}
      data-changed={changed}
      data-unread={unread}
      tabIndex={tabbable ? 0 : -1}
      style={{ width: `${Math.max(chip.group === 'offsets' ? 2 : 3, (draft ?? chip.face).length) + 1.6}ch` }}
      value={draft ?? chip.face}
      onChange={(event) => change(event.target.value)}
      onKeyDown={press}
      onFocus={(event) => {
        event.target.select()
        onActive(chip.index)
        light(codec, chip.index)
      }}
      onBlur={() => {
        setDraft(undefined)
        light(codec, undefined)
      }}
      onPointerEnter={() => light(codec, chip.index)}
    />
  )
}

/** That a word is not the codec's, and how far it lies from what the codec said. */
function changedText(chip: Chip): string {
  const rank = rankOf(chip)
  if (rank === undefined || rank < 1) return ', changed'
  return `, changed: neighbour ${rank} of code ${chip.order!()[0]}, which was said`
}

function focusedIndex(list: HTMLElement | null): number | undefined {
  const { activeElement } = document
  if (!(activeElement instanceof HTMLInputElement) || !list?.contains(activeElement)) return undefined
  return Number(activeElement.dataset['index'])
}

/** The wheel steps the chip that has the focus, and only that one: else a list of chips could not be scrolled past. */
function useWheel(
  list: React.RefObject<HTMLElement | null>,
  step: (index: number, by: number) => void,
): void {
  const newest = useRef(step)
  useEffect(() => {
    newest.current = step
  })
  useEffect(() => {
    const element = list.current
    if (element === null) return
    const onWheel = (event: WheelEvent): void => {
      const index = focusedIndex(element)
      if (index === undefined || event.target !== document.activeElement || event.deltaY === 0) return
      event.preventDefault()
      newest.current(index, event.deltaY < 0 ? 1 : -1)
    }
    // React's own wheel listeners are passive and could not keep the page from scrolling.
    element.addEventListener('wheel', onWheel, { passive: false })
    return () => element.removeEventListener('wheel', onWheel)
  }, [list])
}
