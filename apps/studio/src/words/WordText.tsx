// The words as text: to copy, to edit, to paste over. What cannot be read is told with its place.

import { notifyError, say } from '@maskwords/board/state/store.ts'
import type { CodecId } from '@maskwords/board/state/types.ts'
import type { Vocabulary } from '@maskwords/words'
import { memo, useId, useMemo, useState } from 'react'
import { sameCodes } from './cards.ts'
import { CODEC_LOOK } from './chips.ts'
import { setCodes } from './speaker.ts'
import { readText, textOf } from './text.ts'

type Props = {
  readonly codec: CodecId
  /** All codes, and those of them that are read and written here. */
  readonly whole: readonly number[]
  readonly codes: readonly number[]
  readonly vocabulary: Vocabulary
}

export const WordText = memo(function WordText({ codec, whole, codes, vocabulary }: Props) {
  const { title } = CODEC_LOOK[codec]
  const problemId = useId()
  /** What is being edited, and the codes that belong to it: it is over when they change by other means. */
  const [edited, setEdited] = useState<{ readonly text: string; readonly codes: readonly number[] }>()
  const draft = edited !== undefined && sameCodes(edited.codes, whole) ? edited.text : undefined
  const text = useMemo(() => textOf(codes, vocabulary), [codes, vocabulary])
  const reading = useMemo(
    () => (draft === undefined ? undefined : readText(draft, vocabulary)),
    [draft, vocabulary],
  )
  const change = (value: string): void => {
    const read = readText(value, vocabulary)
    setEdited({ text: value, codes: 'codes' in read ? read.codes : whole })
    if ('codes' in read) setCodes(codec, read.codes)
  }
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(draft ?? text)
      say(`${title} words copied`)
    } catch (error) {
      notifyError(error, 'copying the words')
    }
  }
  const problem = reading !== undefined && 'problem' in reading ? reading : undefined
  const notes = reading !== undefined && 'codes' in reading ? reading.notes : []
  return (
    <div className="words-text">
      <textarea
        aria-label={`${title} words as text`}
        aria-invalid={problem !== undefined}
        aria-describedby={problem !== undefined || notes.length > 0 ? problemId : undefined}
        rows={codec === 'samtok' ? 2 : 3}
        spellCheck={false}
        autoCapitalize="off"
        autoComplete="off"
        value={draft ?? text}
        onChange={(event) => change(event.target.value)}
      />
      <button
        type="button"
        className="words-button"
        aria-label={`Copy ${title} words`}
        onClick={() => void copy()}
      >
        Copy
      </button>
      {problem !== undefined && (
        <p id={problemId} className="words-problem" role="alert">
          {problem.at === undefined ? '' : `Character ${problem.at}: `}
          {problem.problem}{' '}
          <button type="button" className="words-link" onClick={() => setEdited(undefined)}>
            back to the words
          </button>
        </p>
      )}
      {notes.length > 0 && (
        <p id={problemId} className="words-note">
          Read with repairs: {notes.join('; ')}{' '}
          <button type="button" className="words-link" onClick={() => setEdited(undefined)}>
            write it so
          </button>
        </p>
      )}
    </div>
  )
})
