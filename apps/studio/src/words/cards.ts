// What the words panel shows: for the selected region and each codec, what was said, what a person made of it, and what both
// draw. Changes are plain functions here; speaker.ts calls the codecs.

import type { Backend, Decoded, Spoken } from '@maskwords/board/engine/index.ts'
import { CODECS, type CodecId } from '@maskwords/board/state/types.ts'
import type { Mask } from '@maskwords/mask'
import { create } from 'zustand'

export const HIMTOK_WORDS = 32

/** Words of one region in one codec. */
export type Card = {
  readonly regionId: string
  readonly codec: CodecId
  /** The mask that was asked about, where it was asked, and for GETok whether with offsets. */
  readonly mask: Mask
  readonly backend: Backend
  readonly refine: boolean
  readonly state: 'asking' | 'said' | 'failed'
  /** The newest answer; while another is asked for, that about the mask before. */
  readonly spoken: Spoken | undefined
  readonly codes: readonly number[]
  /** `spoken` is a quick answer: the codec has not yet searched for better words. */
  readonly quick: boolean
  /** Codes are a person's, not the codec's. */
  readonly edited: boolean
  /** What the first words of `codes` draw, by their number. */
  readonly drawn: ReadonlyMap<number, Decoded>
  /** GETok: what `codes` draw without the word of that index. */
  readonly without: ReadonlyMap<number, Decoded>
  /** The newest drawing; older than `codes` while `drawing`. */
  readonly shown: Decoded | undefined
  readonly drawing: boolean
  readonly failure: Failure | undefined
}

export type Failure = { readonly message: string; readonly hint?: string }

export type WordsState = {
  readonly cards: Readonly<Partial<Record<CodecId, Card>>>
  /** HiMTok: how many words are read, 1 to 32. */
  readonly length: number
  /** GETok: offset words too. */
  readonly refine: boolean
  readonly grid: boolean
  /** Whose mask is drawn over the picture. */
  readonly onPicture: CodecId | undefined
  /** Cards that are open; closed ones ask for nothing. */
  readonly open: Readonly<Record<CodecId, boolean>>
  /** The word under the pointer or with the focus. */
  readonly lit: { readonly codec: CodecId; readonly index: number } | undefined
}

export const useWords = create<WordsState>(() => ({
  cards: {},
  length: HIMTOK_WORDS,
  refine: false,
  grid: true,
  onPicture: 'samtok',
  open: { samtok: true, himtok: true, getok: true },
  lit: undefined,
}))

/** Cards of regions that were selected before: coming back costs nothing. */
const MAX_KEPT = 96
const kept = new Map<string, Card>()
const keyOf = (regionId: string, codec: CodecId): string => `${regionId} ${codec}`

export const keptCard = (regionId: string, codec: CodecId): Card | undefined =>
  kept.get(keyOf(regionId, codec))

export function setCard(card: Card): void {
  const key = keyOf(card.regionId, card.codec)
  kept.delete(key)
  kept.set(key, card)
  if (kept.size > MAX_KEPT) kept.delete(kept.keys().next().value!)
  useWords.setState(({ cards }) => ({ cards: { ...cards, [card.codec]: card } }))
}

export const clearCards = (): void => useWords.setState({ cards: {}, lit: undefined })

/** A fresh card for a mask that is asked about; what stood there of the same region stays visible meanwhile. */
export function askingCard(
  about: Pick<Card, 'regionId' | 'codec' | 'mask' | 'backend' | 'refine'>,
  before: Card | undefined,
): Card {
  const same = before?.regionId === about.regionId ? before : undefined
  return {
    ...about,
    state: 'asking',
    spoken: same?.spoken,
    codes: same?.spoken?.codes ?? [],
    quick: false,
    edited: false,
    drawn: new Map(),
    without: new Map(),
    shown: same?.shown,
    drawing: false,
    failure: undefined,
  }
}

export function saidCard(card: Card, spoken: Spoken, quick = false): Card {
  return { ...card, state: 'said', spoken, quick, failure: undefined, ...asSaid(spoken) }
}

const asSaid = (
  spoken: Spoken,
): Pick<Card, 'codes' | 'edited' | 'drawn' | 'without' | 'shown' | 'drawing'> => ({
  codes: spoken.codes,
  edited: false,
  drawn: new Map([[spoken.codes.length, spoken]]),
  without: new Map(),
  shown: spoken,
  drawing: false,
})

/** A person's codes in the place of the codec's; equal ones are the codec's again. */
export function editedCard(card: Card, codes: readonly number[]): Card {
  if (card.spoken !== undefined && sameCodes(codes, card.spoken.codes))
    return { ...card, ...asSaid(card.spoken) }
  return {
    ...card,
    codes,
    edited: true,
    drawn: new Map(),
    without: new Map(),
    drawing: true,
    failure: undefined,
  }
}

/** Drawings of the first words, for the codes that they were made for: those of other codes are too late. */
export function drawnCard(
  card: Card,
  codes: readonly number[],
  drawings: readonly (readonly [length: number, decoded: Decoded])[],
  length: number,
): Card {
  if (card.codes !== codes) return card
  const drawn = new Map([...card.drawn, ...drawings])
  const shown = drawn.get(length)
  return { ...card, drawn, ...(shown === undefined ? {} : { shown, drawing: false }) }
}

export const sameCodes = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((code, i) => code === b[i])

/** How many words of a card are read: all, but for HiMTok as many as the slider says. */
export const lengthOf = (card: Pick<Card, 'codec' | 'codes'>, length: number): number =>
  card.codec === 'himtok' ? Math.min(length, card.codes.length) : card.codes.length

export const toggleOpen = (codec: CodecId): void =>
  useWords.setState(({ open }) => ({ open: { ...open, [codec]: !open[codec] } }))

export const openOnly = (codecs: readonly CodecId[]): void =>
  useWords.setState({
    open: Object.fromEntries(CODECS.map((codec) => [codec, codecs.includes(codec)])) as Record<
      CodecId,
      boolean
    >,
  })
