// The view "read": a model's answer, its phrases, and the masks and boxes that it speaks of on the picture.

import { addRegions, REGION_COLOURS } from '@maskwords/board/state/regions.ts'
import { notify, setAnswer, useStudio } from '@maskwords/board/state/store.ts'
import { CODECS, type CodecId } from '@maskwords/board/state/types.ts'
import { useCallback, useEffect, useMemo, useRef, useState } from 'react'
import { AnswerBox } from './AnswerBox.tsx'
import { AnswerPicture } from './AnswerPicture.tsx'
import { AnswerText } from './AnswerText.tsx'
import { BoxList } from './BoxList.tsx'
import { parseChoice, registerChoiceInUrl, useChoice } from './choice.ts'
import type { Note } from './draft.ts'
import { ExampleBar } from './ExampleBar.tsx'
import { MaskList } from './MaskList.tsx'
import { NoteList } from './NoteList.tsx'
import type { Reading } from './reading.ts'
import { TripleList } from './TripleList.tsx'
import { useDrawn } from './use-drawn.ts'
import { useReading } from './use-reading.ts'
import './style.css'

const TITLES: Readonly<Record<CodecId, string>> = { samtok: 'SAMTok', himtok: 'HiMTok', getok: 'GETok' }
const NO_MASKS: readonly number[] = []

export function ReadView() {
  const picture = useStudio((state) => state.picture)
  const answer = useStudio((state) => state.answer)
  const codec = useChoice((choice) => choice.codec)
  useEffect(registerChoiceInUrl, [])
  const { text, reading, busy } = useReading(answer, codec)
  const drawn = useDrawn(picture, reading)
  const [hovered, setHovered] = useState<readonly number[]>(NO_MASKS)
  const [picked, setPicked] = useState<readonly number[]>(NO_MASKS)
  const box = useRef<HTMLTextAreaElement>(null)
  const view = useRef<HTMLElement>(null)
  const lit = hovered.length > 0 ? hovered : picked
  const colours = useMemo(
    () => [...reading.masks, ...reading.boxes].map((_, i) => REGION_COLOURS[i % REGION_COLOURS.length]!),
    [reading.masks, reading.boxes],
  )
  const load = useCallback((next: string) => {
    setPicked(NO_MASKS)
    setHovered(NO_MASKS)
    setAnswer(next)
  }, [])
  const light = useCallback((masks: readonly number[]) => setHovered(masks), [])
  const pick = useCallback(
    (masks: readonly number[]) =>
      setPicked((before) => (before.length === masks.length && before[0] === masks[0] ? NO_MASKS : masks)),
    [],
  )
  const point = useCallback(
    (mask: number | undefined) => setHovered(mask === undefined ? NO_MASKS : [mask]),
    [],
  )
  const pickOnPicture = useCallback((mask: number) => {
    setPicked([mask])
    const piece = view.current?.querySelector(`.read-text [data-mask="${mask}"]`)
    piece?.scrollIntoView({ block: 'nearest' })
  }, [])
  const show = useCallback((note: Note) => {
    if (note.mask !== undefined) setPicked([note.mask])
    box.current?.focus()
    box.current?.setSelectionRange(note.start, Math.max(note.end, note.start + 1))
  }, [])
  const takeOver = () => {
    const found = drawn.masks.flatMap((one, i) =>
      one?.state === 'drawn' && one.mask.edges.length > 0
        ? [{ mask: one.mask, name: reading.masks[i]!.label }]
        : [],
    )
    addRegions(found)
    notify({
      kind: 'info',
      message:
        found.length === 1
          ? 'The mask of the answer became a region.'
          : `${found.length} masks of the answer became regions.`,
    })
  }
  const usable = drawn.masks.filter((one) => one?.state === 'drawn' && one.mask.edges.length > 0).length
  return (
    <section className="read" aria-label="Read" ref={view}>
      <div className="read-column">
        <AnswerBox text={answer} onText={load} box={box} />
        <div className="read-bar">
          <label>
            Read as{' '}
            <select
              value={codec ?? ''}
              onChange={({ target }) => useChoice.setState({ codec: parseChoice(target.value) })}
            >
              <option value="">its spelling says</option>
              {CODECS.map((one) => (
                <option key={one} value={one}>
                  {TITLES[one]}
                </option>
              ))}
            </select>
          </label>
          <p role="status">{busy ? 'reading …' : said(answer, reading)}</p>
        </div>
        <ExampleBar onLoad={load} />
        {reading.pieces.length > 0 && (
          <AnswerText
            text={text}
            reading={reading}
            colours={colours}
            lit={lit}
            onLight={light}
            onPick={pick}
          />
        )}
        {text !== '' && <NoteList text={text} reading={reading} onShow={show} />}
      </div>
      <div className="read-column">
        {picture === undefined ? (
          <p className="read-hint">
            Open a picture: masks of an answer are drawn on the picture that it is about.
          </p>
        ) : (
          <AnswerPicture
            picture={picture}
            reading={reading}
            drawn={drawn.masks}
            colours={colours}
            lit={lit}
            label={`${picture.name} with ${counted(usable, reading.boxes.length)} of the answer`}
            onPoint={point}
            onPick={pickOnPicture}
          />
        )}
        <div className="read-bar">
          {drawn.doing !== undefined && (
            <>
              <progress aria-label="Drawing masks" value={drawn.done} max={drawn.wanted} />
              <button type="button" className="button outlined" onClick={drawn.stop}>
                Stop drawing
              </button>
            </>
          )}
          <p role="status">{saidDrawn(drawn)}</p>
          <button type="button" className="button outlined" disabled={usable === 0} onClick={takeOver}>
            Take these masks over as regions
          </button>
        </div>
        <TripleList triples={reading.triples} colours={colours} lit={lit} onLight={light} onPick={pick} />
        <MaskList
          reading={reading}
          drawn={drawn.masks}
          colours={colours}
          lit={lit}
          onLight={light}
          onPick={pick}
        />
        <BoxList
          reading={reading}
          size={picture?.pixels}
          colours={colours}
          lit={lit}
          onLight={light}
          onPick={pick}
        />
      </div>
    </section>
  )
}

/** `2 masks and 1 box`; boxes only where there are some. */
function counted(masks: number, boxes: number): string {
  const parts = [`${masks} ${masks === 1 ? 'mask' : 'masks'}`]
  if (boxes > 0) parts.push(`${boxes} ${boxes === 1 ? 'box' : 'boxes'}`)
  return parts.join(' and ')
}

/** What was read, in one line. */
function said(answer: string, { form, codec, certainty, hasThought, masks }: Reading): string {
  if (answer.trim() === '') return ''
  if (form === 'no target') return 'The answer says that there is nothing to segment.'
  if (form === 'boxes') return 'Boxes in numbers, without mask words'
  if (form === 'text without mask words') return 'There are no mask words in this text.'
  const how =
    certainty === 'chosen'
      ? ' (your choice)'
      : certainty === 'likely'
        ? ' (likely; choose another above)'
        : ''
  const languages = [...new Set(masks.map((mask) => mask.codec))]
  const inWords = (languages.length > 1 ? languages : [codec]).map((one) => `${TITLES[one]}'s`).join(', ')
  return `${form[0]!.toUpperCase()}${form.slice(1)}${hasThought ? ' after a thought' : ''}, in ${inWords} words${how}`
}

function saidDrawn({ doing, done, wanted, stopped }: ReturnType<typeof useDrawn>): string {
  if (doing !== undefined) return done === 0 ? doing : `${done} of ${wanted} masks drawn`
  if (stopped) return `stopped after ${done} of ${wanted} masks`
  return wanted === 0 ? '' : `${done} of ${wanted} masks drawn`
}
