// One mask of the conversation close up: each word with its probability, the most probable other masks, and what to do with it.
import { setAnswer, setView } from '@maskwords/board/state/store.ts'
import type { Picture } from '@maskwords/board/state/types.ts'
import { area } from '@maskwords/mask'
import { useId } from 'react'
import { colourOf, percent } from './look.ts'
import type { SaidMask } from './round.ts'
import { type Shown, showAlternative } from './talk.ts'

type Props = {
  readonly said: SaidMask
  readonly shown: Shown | undefined
  readonly picture: Picture
  readonly codec: string | null
  readonly onPointAt: (pointer: string) => void
}

export function MaskDetail({ said, shown, picture, codec, onPointAt }: Props) {
  const id = useId()
  const { number, words, probability, alternatives, problem, text } = said
  const pixels = shown?.mask === undefined ? undefined : area(shown.mask)
  const now = shown?.alternative ?? -1
  const others = alternatives.map((one, i) => ({ ...one, i })).filter((one) => one.words !== text)
  const choices = [{ i: -1, words: text, probability }, ...others]
  return (
    <section
      className="ask-detail"
      aria-labelledby={id}
      style={{ '--mask': colourOf(number) } as Record<string, string>}
    >
      <h3 id={id}>{`Mask ${number}`}</h3>
      <p className="ask-muted" role="status">
        {shown?.busy
          ? 'drawing …'
          : pixels === undefined
            ? (problem ?? 'not drawn')
            : `${pixels.toLocaleString('en')} px, ${((100 * pixels) / (picture.pixels.widthPx * picture.pixels.heightPx)).toFixed(1)} % of the picture`}
        {probability !== null && `; said with a probability of ${percent(probability)}`}
      </p>
      {shown?.problem !== undefined && <p className="ask-problem">{shown.problem}</p>}
      {words.length > 0 && (
        <ol className="ask-words" aria-label="Its words">
          {words.map((word, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a word has no name but its place.
            <li key={i}>
              <code>{word.text}</code>
              {word.probability === null ? (
                <span className="ask-muted">probability not told</span>
              ) : (
                <>
                  <meter
                    min={0}
                    max={1}
                    value={word.probability}
                    aria-label={`Probability of word ${i + 1}`}
                  />
                  <span>{percent(word.probability)}</span>
                </>
              )}
            </li>
          ))}
        </ol>
      )}
      {others.length > 0 && (
        <fieldset className="ask-choices">
          <legend>Other masks that could stand here</legend>
          {choices.map((choice) => (
            <label key={choice.i}>
              <input
                type="radio"
                name={id}
                checked={now === choice.i}
                onChange={() => void showAlternative(picture, codec, said, choice.i)}
              />
              <span>{choice.i === -1 ? 'as said' : `code ${alternatives[choice.i]!.codes.join(', ')}`}</span>
              <small>{percent(choice.probability) ?? ''}</small>
            </label>
          ))}
        </fieldset>
      )}
      <div className="read-bar">
        <button type="button" className="button outlined" onClick={() => onPointAt(`{mask:${number}}`)}>
          Point at it in the question
        </button>
        <button
          type="button"
          className="button outlined"
          onClick={() => {
            setAnswer(alternatives[now]?.words ?? text)
            setView('read')
          }}
        >
          Open its words in Read
        </button>
      </div>
    </section>
  )
}
