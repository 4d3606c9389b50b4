// Asks the codecs for what the words panel shows. The newest wish of each codec wins: what it overtakes is given up.

import { type Backend, type Decoded, useEngine } from '@maskwords/board/engine/index.ts'
import { rememberSpoken } from '@maskwords/board/engine/said.ts'
import { CODECS, type CodecId, type Picture, type Region } from '@maskwords/board/state/types.ts'
import { area } from '@maskwords/mask'
import {
  askingCard,
  type Card,
  clearCards,
  drawnCard,
  editedCard,
  keptCard,
  lengthOf,
  saidCard,
  setCard,
  useWords,
} from './cards.ts'
import { codesWithout } from './contribution.ts'

/** Prefixes of one request: what is urgent waits for at most one of them. A server is asked for more at once. */
const LEVELS_A_CALL = 1
const LEVELS_A_REQUEST = 16
/** Searches for better words, and prefixes, wait until nobody has asked for anything for this long. */
const QUIET_MS = 200

/** Prefixes that came in are shown together: each change of a card is painted. */
const SHOW_EVERY_MS = 250

type Wish = 'speak' | 'better' | 'draw' | 'levels' | 'light'
const WISHES: readonly Wish[] = ['speak', 'better', 'draw', 'levels', 'light']
const wishes = new Map<string, AbortController>()

let askedMs = 0

/** A signal for a new wish of its kind; the one before is given up. */
function wish(codec: CodecId, kind: Wish): AbortSignal {
  giveUp(codec, kind)
  if (kind !== 'levels' && kind !== 'better') askedMs = performance.now()
  const controller = new AbortController()
  wishes.set(`${codec} ${kind}`, controller)
  return controller.signal
}

function giveUp(codec: CodecId, ...kinds: readonly Wish[]): void {
  for (const kind of kinds) wishes.get(`${codec} ${kind}`)?.abort(new DOMException('overtaken', 'AbortError'))
}

let picture: Picture | undefined
/** Edited codes that the address said, until the region's own words are there. */
const toRestore = new Map<CodecId, readonly number[]>()

export const restoreCodes = (codec: CodecId, codes: readonly number[]): void => {
  toRestore.set(codec, codes)
  const card = useWords.getState().cards[codec]
  if (card?.state === 'said') applyRestored(card)
}

function applyRestored(card: Card): void {
  const codes = toRestore.get(card.codec)
  toRestore.delete(card.codec)
  if (codes !== undefined) setCodes(card.codec, codes)
}

const cardOf = (codec: CodecId): Card | undefined => useWords.getState().cards[codec]

/** Turns to a region: every open card has its words, or asks for them. */
export function attend(region: Region | undefined, to: Picture | undefined, backend: Backend): void {
  picture = to
  if (region === undefined || to === undefined || area(region.mask) === 0) {
    for (const codec of CODECS) giveUp(codec, ...WISHES)
    clearCards()
    return
  }
  const { open, refine: offsets } = useWords.getState()
  for (const codec of CODECS) {
    const refine = codec === 'getok' && offsets
    const fits = (card: Card | undefined): card is Card =>
      card !== undefined &&
      card.regionId === region.id &&
      card.mask === region.mask &&
      card.backend === backend &&
      card.refine === refine
    const card = cardOf(codec)
    if (!open[codec] || (fits(card) && card.state !== 'failed')) continue
    giveUp(codec, ...WISHES)
    const before = keptCard(region.id, codec)
    if (fits(before) && before.state === 'said') {
      setCard(before)
      if (before.quick && !before.edited) void better(before, to)
      else follow(before)
    } else
      void speak(askingCard({ regionId: region.id, codec, mask: region.mask, backend, refine }, before), to)
  }
}

/** Asks once more after a failure. */
export function tryAgain(codec: CodecId): void {
  const card = cardOf(codec)
  if (card !== undefined && picture !== undefined) void speak(askingCard(card, card), picture)
}

async function speak(card: Card, to: Picture): Promise<void> {
  const { codec, backend, mask, regionId, refine } = card
  giveUp(codec, 'better')
  const signal = wish(codec, 'speak')
  setCard(card)
  const quick = codec !== 'getok'
  try {
    const spoken = await backend.speak(codec, to, mask, { refine, quick, signal })
    if (signal.aborted) return
    const said = saidCard(card, spoken, quick)
    if (!quick) rememberSpoken(regionId, codec, mask, spoken)
    setCard(said)
    if (toRestore.has(codec)) applyRestored(said)
    else if (quick) void better(said, to)
    else follow(said)
  } catch (error) {
    if (!signal.aborted) setCard({ ...card, state: 'failed', failure: failureOf(error) })
  }
}

/** The words that the codec finds when it searches, in the place of its quick ones, once nobody asks for anything else. */
async function better(card: Card, to: Picture): Promise<void> {
  const { codec, backend, mask, regionId, refine, codes } = card
  const signal = wish(codec, 'better')
  await quiet(signal)
  try {
    if (signal.aborted) return
    const spoken = await backend.speak(codec, to, mask, { refine, signal })
    const now = cardOf(codec)
    if (signal.aborted || now?.codes !== codes || now.regionId !== regionId) return
    rememberSpoken(regionId, codec, mask, spoken)
    const said = saidCard(now, spoken)
    setCard(said)
    follow(said)
  } catch (error) {
    const now = cardOf(codec)
    if (signal.aborted || now?.codes !== codes) return
    const quick = { ...now, quick: false, failure: failureOf(error) }
    setCard(quick)
    follow(quick)
  }
}

function failureOf(error: unknown): { message: string; hint?: string } {
  const { message, hint } = error as { message?: string; hint?: string }
  return { message: message ?? String(error), ...(hint === undefined ? {} : { hint }) }
}

/** What a card wants after its codes have changed: the drawing that is looked at, then its prefixes. */
function follow(card: Card): void {
  const length = lengthOf(card, useWords.getState().length)
  if (card.drawn.has(length)) {
    setCard(drawnCard(card, card.codes, [], length))
    void levels(card)
  } else void draw(card, length)
}

async function draw(card: Card, length: number): Promise<void> {
  const { codec, codes, backend } = card
  giveUp(codec, 'levels', 'light')
  const signal = wish(codec, 'draw')
  if (picture === undefined) return
  setCard({ ...card, drawing: true })
  try {
    const decoded = await backend.draw(codec, picture, codes, { length, signal })
    const now = cardOf(codec)
    if (signal.aborted || now === undefined) return
    setCard(drawnCard(now, codes, [[length, decoded]], length))
    void levels(now)
  } catch (error) {
    const now = cardOf(codec)
    if (!signal.aborted && now !== undefined) setCard({ ...now, drawing: false, failure: failureOf(error) })
  }
}

/** All prefixes, coarse ones of a rough scale first, while nothing urgent is on. */
async function levels(card: Card): Promise<void> {
  const { codec, codes, backend } = card
  if (codec === 'getok' || picture === undefined) return
  const signal = wish(codec, 'levels')
  const to = picture
  const rough = new Set([1, 2, 4, 8, 16, codes.length])
  const all = Array.from(codes, (_, i) => i + 1)
  const order = [...all.filter((n) => rough.has(n)), ...all.filter((n) => !rough.has(n))]
  const many = useEngine.getState().runIn === 'server' ? LEVELS_A_REQUEST : LEVELS_A_CALL
  let fresh: (readonly [length: number, decoded: Decoded])[] = []
  let shownMs = performance.now()
  const show = (): void => {
    const now = cardOf(codec)
    if (now !== undefined && fresh.length > 0)
      setCard(drawnCard(now, codes, fresh, lengthOf(now, useWords.getState().length)))
    fresh = []
    shownMs = performance.now()
  }
  try {
    for (;;) {
      await quiet(signal)
      const now = cardOf(codec)
      if (signal.aborted || now?.codes !== codes || now.regionId !== card.regionId) return
      const there = new Set([...now.drawn.keys(), ...fresh.map(([length]) => length)])
      const missing = order.filter((n) => !there.has(n)).slice(0, many)
      if (missing.length === 0) break
      const masks = await backend.levels(codec, to, codes, missing, { signal })
      if (signal.aborted) return
      fresh.push(...masks.map((decoded, i) => [missing[i]!, decoded] as const))
      if (performance.now() - shownMs > SHOW_EVERY_MS) show()
    }
    show()
  } catch (error) {
    const now = cardOf(codec)
    if (!signal.aborted && now !== undefined) setCard({ ...now, failure: failureOf(error) })
  }
}

/** Resolves when nothing has been asked for a while. */
async function quiet(signal: AbortSignal): Promise<void> {
  for (;;) {
    const waitMs = askedMs + QUIET_MS - performance.now()
    if (waitMs <= 0 || signal.aborted) return
    await pause(waitMs)
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A person's codes: their mask follows at once. */
export function setCodes(codec: CodecId, codes: readonly number[]): void {
  const card = cardOf(codec)
  if (card === undefined || card.codes === codes) return
  giveUp(codec, 'better', 'draw', 'levels', 'light')
  const edited = editedCard(card, codes)
  setCard(edited)
  if (edited.quick && !edited.edited && picture !== undefined) void better(edited, picture)
  else follow(edited)
}

/** What the codec said itself. */
export function backToSaid(codec: CodecId): void {
  const spoken = cardOf(codec)?.spoken
  if (spoken !== undefined) setCodes(codec, [...spoken.codes])
}

/** HiMTok: reads this many words. */
export function setLength(length: number): void {
  if (length === useWords.getState().length) return
  useWords.setState({ length })
  const card = cardOf('himtok')
  if (card === undefined || card.state !== 'said') return
  const wanted = lengthOf(card, length)
  if (card.drawn.has(wanted)) setCard(drawnCard(card, card.codes, [], wanted))
  else void draw(card, wanted)
}

/** The word that a person looks at; what it draws is asked for where it is not there yet. */
export function light(codec: CodecId, index: number | undefined): void {
  giveUp(codec, 'light')
  useWords.setState({ lit: index === undefined ? undefined : { codec, index } })
  const card = cardOf(codec)
  if (index === undefined || card === undefined || picture === undefined || card.state !== 'said') return
  void wanted(card, index, picture)
}

async function wanted(card: Card, index: number, to: Picture): Promise<void> {
  const { codec, codes, backend } = card
  const signal = wish(codec, 'light')
  const ask = (words: readonly number[]): Promise<Decoded> => backend.draw(codec, to, words, { signal })
  try {
    if (codec === 'getok') {
      const { cells } = await backend.open(codec)
      const rest = codesWithout(codes, index, cells ?? 32)
      if (rest === undefined || card.without.has(index)) return
      const decoded = await ask(rest)
      const now = cardOf(codec)
      if (now?.codes === codes) setCard({ ...now, without: new Map([...now.without, [index, decoded]]) })
      return
    }
    for (const length of [index, index + 1]) {
      if (length === 0 || cardOf(codec)?.drawn.has(length)) continue
      const decoded = await ask(codes.slice(0, length))
      const now = cardOf(codec)
      if (now === undefined) return
      setCard(drawnCard(now, codes, [[length, decoded]], lengthOf(now, useWords.getState().length)))
    }
  } catch {
    // A preview that cannot be had is none; the card's own drawing tells what is wrong.
  }
}
