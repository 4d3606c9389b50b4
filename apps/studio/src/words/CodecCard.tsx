// One codec's words of the selected region: chips, text, numbers, times, and what can be done with them.

import { type CodecFacts, pictureMsOf, placeText, useEngine } from '@maskwords/board/engine/index.ts'
import { addRegions } from '@maskwords/board/state/regions.ts'
import { say, useStudio } from '@maskwords/board/state/store.ts'
import type { CodecId, Region } from '@maskwords/board/state/types.ts'
import { useMemo, useState } from 'react'
import { ChipList } from './ChipList.tsx'
import { type Card, lengthOf, toggleOpen, useWords } from './cards.ts'
import { CODEC_LOOK, chipsOf } from './chips.ts'
import { useCodeOrder } from './code-order.ts'
import { IOU_MEANS, lowIouText, WORDS_MEAN } from './explain.ts'
import { iouOf } from './iou-of.ts'
import { LengthControl } from './LengthControl.tsx'
import { backToSaid, tryAgain } from './speaker.ts'
import { vocabularyOf } from './text.ts'
import { Why } from './Why.tsx'
import { WordDetail } from './WordDetail.tsx'
import { WordText } from './WordText.tsx'

export function CodecCard({ codec, region }: { readonly codec: CodecId; readonly region: Region }) {
  const { title, colour, words } = CODEC_LOOK[codec]
  const card = useWords((state) => state.cards[codec])
  const open = useWords((state) => state.open[codec])
  const onPicture = useWords((state) => state.onPicture === codec)
  const shown = card?.shown
  const same = shown === undefined ? undefined : iouOf(region.mask, shown.mask)
  return (
    <article
      className="words-card"
      aria-label={`${title} words`}
      data-waiting={card?.state === 'asking' || card?.drawing}
      data-searching={card?.state === 'said' && searches(card)}
    >
      <header className="words-card-head">
        <h3>
          <button type="button" className="words-open" aria-expanded={open} onClick={() => toggleOpen(codec)}>
            <span className="words-swatch" style={{ background: colour }} aria-hidden="true" />
            {title}
          </button>
        </h3>
        {open && <Why what={`What are ${title}’s words?`} text={WORDS_MEAN[codec]} />}
        <span className="words-iou" title="Intersection over union of the decoded mask with the region">
          {open && card !== undefined && searches(card) && 'searching for better words… '}
          {open && same !== undefined && `IoU ${same.toFixed(3)}`}
        </span>
        {open && same !== undefined && <Why what="What is IoU?" text={IOU_MEANS} />}
        <button
          type="button"
          className="words-button"
          aria-pressed={onPicture}
          aria-label={onPicture ? `${title} on picture` : `show ${title}`}
          disabled={!open}
          onClick={() => useWords.setState({ onPicture: onPicture ? undefined : codec })}
        >
          {onPicture ? 'on picture' : 'show'}
        </button>
      </header>
      {open ? (
        <Body key={region.id} codec={codec} card={card} region={region} />
      ) : (
        <p className="words-what">{words}</p>
      )}
    </article>
  )
}

/** The words are the codec's quick ones, and better ones may come. */
const searches = ({ quick, edited }: Card): boolean => quick && !edited

function Body({
  codec,
  card,
  region,
}: {
  readonly codec: CodecId
  readonly card: Card | undefined
  readonly region: Region
}) {
  const engine = useEngine((state) => state.codecs[codec])
  if (card === undefined || (card.spoken === undefined && card.state !== 'failed')) {
    const progress = engine.state === 'opening' ? engine.progress : { doing: 'asking' }
    const { share } = progress as { share?: number }
    return (
      <p className="words-wait">
        <progress aria-label={progress.doing} {...(share === undefined ? {} : { value: share })} />{' '}
        {progress.doing}
      </p>
    )
  }
  return (
    <>
      {card.failure !== undefined && (
        <p className="words-problem" role="alert">
          {card.failure.message}
          {card.failure.hint !== undefined && `; ${card.failure.hint}`}{' '}
          {card.state === 'failed' && (
            <button type="button" className="words-link" onClick={() => tryAgain(codec)}>
              try again
            </button>
          )}
        </p>
      )}
      {card.spoken !== undefined && engine.state === 'ready' && (
        <Said codec={codec} card={card} region={region} facts={engine.facts} />
      )}
    </>
  )
}

type SaidProps = {
  readonly codec: CodecId
  readonly card: Card
  readonly region: Region
  readonly facts: CodecFacts
}

function Said({ codec, card, region, facts }: SaidProps) {
  const wish = useWords((state) => state.length)
  const lit = useWords((state) => (state.lit?.codec === codec ? state.lit.index : undefined))
  const vocabulary = useMemo(() => vocabularyOf(facts), [facts])
  const order = useCodeOrder(facts)
  const chips = useMemo(
    () =>
      chipsOf(facts, card.codes, vocabulary.kind === 'getok' ? vocabulary : undefined, {
        said: card.spoken?.codes,
        order,
      }),
    [facts, card.codes, card.spoken, vocabulary, order],
  )
  const low =
    card.shown === undefined || card.drawing
      ? undefined
      : lowIouText(codec, region.mask, card.shown.mask, iouOf(region.mask, card.shown.mask))
  const [chosen, setActive] = useState(0)
  const active = Math.min(chosen, chips.length - 1)
  const length = lengthOf(card, wish)
  const read = useMemo(() => card.codes.slice(0, length), [card.codes, length])
  const { title } = CODEC_LOOK[codec]
  const { shown, spoken } = card
  const pictureId = useStudio((state) => state.picture?.id)
  const pictureMs = pictureId === undefined ? 0 : (pictureMsOf(codec, pictureId) ?? 0)
  const take = (): void => {
    if (shown === undefined) return
    addRegions([{ mask: shown.mask, name: `${region.name} by ${title}` }])
    say(`${title}'s mask is a region now`)
  }
  return (
    <>
      {low !== undefined && (
        <p className="words-note" role="note">
          {low}
        </p>
      )}
      <ChipList
        codec={codec}
        chips={chips}
        codes={card.codes}
        said={spoken?.codes}
        length={length}
        active={active}
        onActive={setActive}
      />
      {chips.length > 0 && (
        <WordDetail
          codec={codec}
          card={card}
          chip={chips[lit ?? active] ?? chips[active]!}
          active={chips[active]!}
        />
      )}
      {codec === 'himtok' && <LengthControl card={card} />}
      {codec === 'getok' && <GetokSwitches />}
      <WordText codec={codec} whole={card.codes} codes={read} vocabulary={vocabulary} />
      <dl className="words-facts">
        <Fact name="tokens" value={String(tokensOf(codec, read.length))} />
        <Fact name="bits" value={bitsText(card, read.length)} />
        {shown?.score !== undefined && <Fact name="expected IoU" value={shown.score.toFixed(2)} />}
        {spoken !== undefined && <Fact name="picture" value={timeText(pictureMs)} />}
        {spoken !== undefined && <Fact name="encode" value={timeText(spoken.encodeMs)} />}
        {shown !== undefined && <Fact name="decode" value={timeText(shown.decodeMs)} />}
        <Fact name="ran in" value={placeText(facts)} />
      </dl>
      <div className="words-actions">
        <button
          type="button"
          className="words-button"
          disabled={!card.edited}
          aria-label={`${title}: back to what was said`}
          onClick={() => backToSaid(codec)}
        >
          Back to what was said
        </button>
        <button
          type="button"
          className="words-button"
          disabled={shown === undefined || shown.mask.edges.length === 0}
          aria-label={`Take as region: ${title}'s mask`}
          onClick={take}
        >
          Take as region
        </button>
      </div>
    </>
  )
}

function GetokSwitches() {
  const refine = useWords((state) => state.refine)
  const grid = useWords((state) => state.grid)
  return (
    <div className="words-switches">
      <label>
        <input
          type="checkbox"
          checked={refine}
          onChange={(event) => useWords.setState({ refine: event.target.checked })}
        />
        offset words
      </label>
      <label>
        <input
          type="checkbox"
          checked={grid}
          onChange={(event) => useWords.setState({ grid: event.target.checked })}
        />
        grid on the picture
      </label>
    </div>
  )
}

function Fact({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}

/** Delimiters are words too, but for GETok, whose tags are not. */
const tokensOf = (codec: CodecId, words: number): number => (codec === 'getok' ? words : words + 2)

/** Bits of the words that are read; every word of a codec but GETok carries the same. */
function bitsText({ codec, spoken, codes }: Card, words: number): string {
  if (spoken === undefined) return '–'
  if (codec === 'getok' || spoken.codes.length === 0 || codes.length === 0) return spoken.bits.toFixed(0)
  return ((spoken.bits * words) / spoken.codes.length).toFixed(0)
}

const timeText = (ms: number): string =>
  ms === 0 ? '0 ms' : ms < 10 ? `${ms.toFixed(1)} ms` : `${ms.toFixed(0)} ms`
