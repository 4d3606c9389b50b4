// The question box: Enter sends, Shift Enter makes a line, Escape stops an answer. What the question points at stands below as chips.
import type { ModelFacts } from '@maskwords/board/engine/asked-model.ts'
import { useStudio } from '@maskwords/board/state/store.ts'
import type { Picture } from '@maskwords/board/state/types.ts'
import { type Ref, useId, useImperativeHandle, useRef } from 'react'
import { colourOf } from './look.ts'
import { missingPointer, pointersOf, regionNumber, withPointer } from './question.ts'
import type { SaidMask } from './round.ts'
import { setConstraint, setDraft, useTalk } from './talk.ts'

type Props = {
  readonly ref: Ref<{ point(pointer: string): void }>
  readonly model: ModelFacts | undefined
  readonly picture: Picture | undefined
  readonly answering: boolean
  readonly masks: readonly SaidMask[]
  readonly onAsk: () => void
  readonly onStop: () => void
}

export function QuestionForm({ ref, model, picture, answering, masks, onAsk, onStop }: Props) {
  const id = useId()
  const box = useRef<HTMLTextAreaElement>(null)
  const draft = useTalk((state) => state.draft)
  const constraint = useTalk((state) => state.constraint)
  const regions = useStudio(({ document }) => document.regions)
  const targets = { masks, regions }
  const missing = missingPointer(draft, targets)
  const ready = model !== undefined && picture !== undefined && missing === undefined && draft.trim() !== ''

  const point = (pointer: string): void => {
    const element = box.current!
    const { text, caret } = withPointer(draft, element.selectionStart, element.selectionEnd, pointer)
    setDraft(text)
    element.focus()
    requestAnimationFrame(() => element.setSelectionRange(caret, caret))
  }
  useImperativeHandle(ref, () => ({ point }))
  const send = (): void => {
    if (answering) onStop()
    else if (ready) onAsk()
  }
  const putPrompt = (name: string): void => {
    const prompt = model?.prompts.find((one) => one.name === name)?.prompt
    if (prompt === undefined) return
    const selected = regions.find(({ id }) => id === useStudio.getState().document.selectedId)
    const own = selected === undefined ? undefined : `{region:${regionNumber(selected)}}`
    const text = prompt.replace('{mask}', own ?? `{mask:${masks.at(-1)?.number ?? 1}}`)
    setDraft(text)
    const at = text.indexOf('{text}')
    box.current?.focus()
    if (at >= 0) requestAnimationFrame(() => box.current?.setSelectionRange(at, at + '{text}'.length))
  }

  return (
    <form
      className="ask-form"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <label htmlFor={id}>Question</label>
      <textarea
        id={id}
        ref={box}
        rows={3}
        autoComplete="off"
        placeholder="Please segment the dog on the left."
        value={draft}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => setDraft(target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape' && answering) {
            event.stopPropagation()
            onStop()
          }
          // A key that ends the composing of a character is no wish to send.
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
          event.preventDefault()
          if (!answering) send()
        }}
      />
      <ul className="ask-pointers" aria-label="The question points at">
        {pointersOf(draft, targets).map((one, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: the same mask may be pointed at twice.
          <li key={i}>
            {one.kind === 'mask' && (
              <Chip colour={colourOf(one.mask.number)} text={`mask ${one.mask.number}`} />
            )}
            {one.kind === 'region' && <Chip colour={one.region.colour} text={one.region.name} />}
          </li>
        ))}
      </ul>
      <p id={`${id}-note`} className="ask-muted">
        {missing === undefined ? '' : `${missing} is no mask of this conversation and no region of Draw.`}
      </p>
      <div className="read-bar">
        <button type="submit" className="button primary" disabled={!answering && !ready}>
          {answering ? 'Stop' : 'Ask'}
        </button>
        <label>
          Question as published{' '}
          <select value="" disabled={model === undefined} onChange={({ target }) => putPrompt(target.value)}>
            <option value="">choose…</option>
            {model?.prompts.map(({ name, summary }) => (
              <option key={name} value={name}>{`${name}: ${summary}`}</option>
            ))}
          </select>
        </label>
        <label>
          Answer{' '}
          <select
            value={constraint}
            onChange={({ target }) => setConstraint(target.value === 'forced' ? 'forced' : 'free')}
          >
            <option value="free">text and masks</option>
            <option value="forced" disabled={model?.constraints.includes('forced') === false}>
              one mask, nothing else
            </option>
          </select>
        </label>
        {regions.length > 0 && (
          <label>
            Point at{' '}
            <select value="" onChange={({ target }) => point(target.value)}>
              <option value="">a region…</option>
              {regions.map((region) => (
                <option key={region.id} value={`{region:${regionNumber(region)}}`}>
                  {region.name}
                </option>
              ))}
            </select>
          </label>
        )}
      </div>
    </form>
  )
}

function Chip({ colour, text }: { readonly colour: string; readonly text: string }) {
  return (
    <span className="ask-chip" style={{ '--mask': colour } as Record<string, string>}>
      {text}
    </span>
  )
}
