// The box that an answer is pasted into. A browser lays out every character of a text box, so that megabytes would
// freeze the page: a long text is kept beside the box, which shows its beginning.
import { type Ref, useId } from 'react'

/** Texts up to here are edited in the box itself. */
export const MAX_EDITED_CHARACTERS = 200_000
const EXCERPT_CHARACTERS = 5_000

export function AnswerBox({
  text,
  onText,
  box,
}: {
  readonly text: string
  readonly onText: (text: string) => void
  readonly box: Ref<HTMLTextAreaElement>
}) {
  const id = useId()
  const long = text.length > MAX_EDITED_CHARACTERS
  /** Takes a text that is too long for the box past it; says whether it did. */
  const takePast = (incoming: string): boolean => {
    if (!long && incoming.length + text.length <= MAX_EDITED_CHARACTERS) return false
    if (incoming !== '') onText(incoming)
    return true
  }
  return (
    <div className="read-box">
      <label htmlFor={id}>Model's answer</label>
      <textarea
        id={id}
        ref={box}
        rows={6}
        spellCheck={false}
        autoComplete="off"
        placeholder="Paste what a model said: a caption with masks, JSON, a scene graph, a thought and an answer."
        value={long ? text.slice(0, EXCERPT_CHARACTERS) : text}
        readOnly={long}
        aria-describedby={`${id}-note`}
        onChange={({ target }) => onText(target.value)}
        onPaste={(event) => {
          if (takePast(event.clipboardData.getData('text/plain'))) event.preventDefault()
        }}
        onDrop={(event) => {
          const dropped = event.dataTransfer.getData('text/plain')
          if (dropped !== '' && takePast(dropped)) event.preventDefault()
        }}
      />
      <p id={`${id}-note`} className="read-hint">
        {long
          ? `${text.length.toLocaleString('en-US')} characters; the box shows the first ${EXCERPT_CHARACTERS.toLocaleString('en-US')}. Paste again to replace them.`
          : ''}
      </p>
      <button type="button" className="button outlined" disabled={text === ''} onClick={() => onText('')}>
        Clear answer
      </button>
    </div>
  )
}
