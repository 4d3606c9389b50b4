// One question and its answer. Everything is text: React writes it into text nodes, never as markup.
import { Fragment, memo } from 'react'
import { colourOf, percent } from './look.ts'
import { piecesOf, type Round, type SaidMask } from './round.ts'

type Props = {
  readonly round: Round
  /** Number of the mask that is lit. */
  readonly lit: number | undefined
  readonly onLight: (number: number | undefined) => void
  readonly onPick: (number: number) => void
}

export const RoundItem = memo(function RoundItem({ round, lit, onLight, onPick }: Props) {
  const { question, state, problem, notes } = round
  const busy = state === 'waiting' || state === 'answering'
  return (
    <li className="ask-round" aria-busy={busy}>
      <p className="ask-question">
        <span className="unseen">You: </span>
        {question}
      </p>
      <div className="ask-answer">
        <span className="unseen">Answer: </span>
        {piecesOf(round).map((piece) =>
          piece.kind === 'text' ? (
            <Said key={piece.start} text={piece.text} />
          ) : (
            <MaskButton
              key={`mask ${piece.mask.index}`}
              mask={piece.mask}
              lit={lit === piece.mask.number}
              onLight={onLight}
              onPick={onPick}
            />
          ),
        )}
        {busy && <span className="ask-caret" aria-hidden="true" />}
        {state === 'waiting' && <span className="ask-muted">…</span>}
        {state === 'done' && round.text === '' && <em className="ask-muted">an empty answer</em>}
      </div>
      {state === 'stopped' && <p className="ask-muted">You stopped this answer.</p>}
      {state === 'cut' && <p className="ask-muted">Cut at the length limit.</p>}
      {problem !== undefined && (
        <p className="ask-problem" role="alert">
          {round.text === '' ? 'No answer' : 'The answer broke off'}: {problem.message}
          {problem.hint !== undefined && <span className="ask-muted"> {problem.hint}</span>}
        </p>
      )}
      {notes.map((note) => (
        <p key={note} className="ask-muted">
          {note}
        </p>
      ))}
    </li>
  )
})

/** Text of an answer; phrases that grounded captions put between <p> and </p> stand out. */
function Said({ text }: { readonly text: string }) {
  return text.split(/<p>(.*?)<\/p>/s).map((part, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: parts have no name but their place.
    <Fragment key={i}>{i % 2 === 1 ? <b>{part}</b> : part}</Fragment>
  ))
}

function MaskButton({
  mask,
  lit,
  onLight,
  onPick,
}: Omit<Props, 'round' | 'lit'> & { readonly mask: SaidMask; readonly lit: boolean }) {
  const { number, status, words, probability, problem } = mask
  const said = percent(probability)
  if (status === 'begun') {
    const last = words.at(-1)
    return (
      <span className="read-piece ask-begun" style={{ '--mask': colourOf(number) } as Record<string, string>}>
        {`mask ${number} …`}
        {last?.probability != null && <small>{` ${percent(last.probability)}`}</small>}
      </span>
    )
  }
  return (
    <button
      type="button"
      className={`read-piece${status === 'complete' ? '' : ' read-faulty'}${lit ? ' read-lit' : ''}`}
      style={{ '--mask': colourOf(number) } as Record<string, string>}
      data-mask={number}
      aria-pressed={lit}
      title={problem ?? mask.text}
      onPointerEnter={() => onLight(number)}
      onPointerLeave={() => onLight(undefined)}
      onFocus={() => onLight(number)}
      onBlur={() => onLight(undefined)}
      onClick={() => onPick(number)}
    >
      {`mask ${number}`}
      {status === 'repaired' ? ', repaired' : status === 'rejected' ? ', cannot be read' : ''}
      {said !== undefined && <small>{` ${said}`}</small>}
    </button>
  )
}
