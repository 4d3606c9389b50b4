// The view "ask": questions about the open picture to the server's model, its answers, and their masks as the words come.
import { addRegions } from '@maskwords/board/state/regions.ts'
import { notify, useStudio } from '@maskwords/board/state/store.ts'
import { useCallback, useMemo, useRef, useState } from 'react'
import { AnswerPicture } from '../read/AnswerPicture.tsx'
import type { Drawn } from '../read/use-drawn.ts'
import { colourOf } from './look.ts'
import { MaskDetail } from './MaskDetail.tsx'
import { ModelLine } from './ModelLine.tsx'
import { QuestionForm } from './QuestionForm.tsx'
import { RoundItem } from './RoundItem.tsx'
import { ask, isAnswering, masksOf, newTalk, pick, stop, useTalk } from './talk.ts'
import { useModel } from './use-model.ts'
import '../read/style.css'
import './style.css'

export function AskView() {
  const picture = useStudio((state) => state.picture)
  const talk = useTalk()
  const model = useModel()
  const [pointed, setPointed] = useState<number>()
  const form = useRef<{ point(pointer: string): void }>(null)
  const answering = isAnswering(talk)
  /** The talk is about another picture: its masks would not fit this one. */
  const elsewhere = talk.pictureId !== undefined && talk.pictureId !== picture?.id
  const masks = useMemo(() => masksOf(elsewhere ? [] : talk.rounds), [talk.rounds, elsewhere])
  const { shown, picked } = talk
  const drawn = useMemo(
    () =>
      masks.map(({ number }): Drawn | undefined => {
        const mask = shown[number]?.mask
        return mask === undefined ? undefined : { state: 'drawn', mask }
      }),
    [masks, shown],
  )
  // Another alternative takes a mask away: the picture is painted anew.
  const replaced = masks.map(({ number }) => shown[number]?.alternative ?? -1).join()
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list of colours has everything painted anew.
  const colours = useMemo(() => masks.map(({ number }) => colourOf(number)), [masks.length, replaced])
  const number = pointed ?? picked
  const lit = useMemo(() => {
    const at = masks.findIndex((mask) => mask.number === number)
    return at < 0 ? [] : [at]
  }, [masks, number])
  const reading = useMemo(() => ({ masks, boxes: [] }), [masks])
  const light = useCallback((at: number | undefined) => setPointed(at), [])
  const pointAt = useCallback((pointer: string) => form.current?.point(pointer), [])
  const chosen = masks.find((mask) => mask.number === picked)
  const usable = masks.filter(({ number }) => (shown[number]?.mask?.edges.length ?? 0) > 0)

  const takeOver = (): void => {
    addRegions(usable.map(({ number }) => ({ mask: shown[number]!.mask!, name: `mask ${number}` })))
    notify({
      kind: 'info',
      message: usable.length === 1 ? 'The mask became a region.' : `${usable.length} masks became regions.`,
    })
  }

  return (
    <section className="read ask" aria-label="Ask">
      <div className="read-column">
        <ModelLine model={model} />
        {elsewhere && (
          <p className="read-hint" role="status">
            The conversation below is about another picture. Your next question begins a new one.
          </p>
        )}
        <section className="ask-log" aria-label="Conversation">
          {talk.rounds.length === 0 && (
            <p className="read-hint">
              Ask for what you see, as in “Please segment the dog”. Answers may hold masks; click one to point
              at it in the next question.
            </p>
          )}
          <ol>
            {talk.rounds.map((round) => (
              <RoundItem key={round.id} round={round} lit={number} onLight={light} onPick={pick} />
            ))}
          </ol>
        </section>
        <QuestionForm
          ref={form}
          model={model.state === 'there' ? model.model : undefined}
          picture={picture}
          answering={answering}
          masks={masks}
          onAsk={() => {
            if (picture !== undefined && model.state === 'there') void ask(picture, model.model)
          }}
          onStop={stop}
        />
      </div>
      <div className="read-column">
        {picture === undefined ? (
          <p className="read-hint">Open a picture to ask about it: Ctrl O, a drop, or a sample.</p>
        ) : (
          <AnswerPicture
            picture={picture}
            reading={reading}
            drawn={drawn}
            colours={colours}
            lit={lit}
            label={`${picture.name} with ${usable.length} ${usable.length === 1 ? 'mask' : 'masks'} of the conversation`}
            onPoint={(at) => setPointed(at === undefined ? undefined : masks[at]!.number)}
            onPick={(at) => {
              pick(masks[at]!.number)
              pointAt(`{mask:${masks[at]!.number}}`)
            }}
          />
        )}
        <div className="read-bar">
          <button type="button" className="button outlined" disabled={usable.length === 0} onClick={takeOver}>
            Take these masks over as regions
          </button>
          <button
            type="button"
            className="button outlined"
            disabled={talk.rounds.length === 0}
            onClick={() => newTalk()}
          >
            New conversation
          </button>
        </div>
        {chosen !== undefined && picture !== undefined && (
          <MaskDetail
            key={chosen.number}
            said={chosen}
            shown={shown[chosen.number]}
            picture={picture}
            codec={model.state === 'there' ? model.model.codec : null}
            onPointAt={pointAt}
          />
        )}
      </div>
    </section>
  )
}
