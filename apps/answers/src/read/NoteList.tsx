// What was repaired, dropped or missing in an answer, with places; a click shows the place in the text box.
import { useMemo } from 'react'
import type { Note } from './draft.ts'
import { lineColumns } from './place.ts'
import type { Reading } from './reading.ts'

const SIGNS: Readonly<Record<Note['kind'], string>> = {
  repaired: 'repaired',
  dropped: 'dropped',
  missing: 'missing',
}

export function NoteList({
  text,
  reading,
  onShow,
}: {
  readonly text: string
  readonly reading: Reading
  readonly onShow: (note: Note) => void
}) {
  const { notes, omittedNotes } = reading
  const places = useMemo(
    () =>
      lineColumns(
        text,
        notes.map(({ start }) => start),
      ),
    [text, notes],
  )
  const count = notes.length + omittedNotes
  return (
    <section aria-label="Repairs" className="read-notes">
      <h3>
        {count === 0 ? 'No repairs' : `${count.toLocaleString('en-US')} repair${count === 1 ? '' : 's'}`}
      </h3>
      {notes.length > 0 && (
        <ol>
          {notes.map((note, i) => (
            <li key={`${note.start} ${note.end} ${note.text}`}>
              <button type="button" onClick={() => onShow(note)}>
                <span className={`read-sign read-sign-${note.kind}`}>{SIGNS[note.kind]}</span>
                <span className="read-place">{`line ${places[i]!.line}, column ${places[i]!.column}`}</span>
                <span>{note.text}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
      {omittedNotes > 0 && <p>{`${omittedNotes.toLocaleString('en-US')} more are not listed.`}</p>}
    </section>
  )
}
