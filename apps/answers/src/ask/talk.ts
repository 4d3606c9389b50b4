// The conversation about the open picture: kept while other views are open, gone with the page.

import { maskOfAnswer } from '@maskwords/board/engine/answered-mask.ts'
import { askModel, drawWords, type ModelFacts } from '@maskwords/board/engine/asked-model.ts'
import { say, useStudio } from '@maskwords/board/state/store.ts'
import type { Picture } from '@maskwords/board/state/types.ts'
import type { Mask } from '@maskwords/mask'
import { create } from 'zustand'
import { messagesOf } from './question.ts'
import { endedEarly, heard, newRound, type Round, type SaidMask } from './round.ts'

/** Masks that are named beside each one that was said. */
const ALTERNATIVES = 8

/** What a mask is drawn as: the words that were said, or those of an alternative. */
export type Shown = {
  readonly mask: Mask | undefined
  /** -1: as it was said. */
  readonly alternative: number
  readonly busy: boolean
  readonly problem: string | undefined
}

export type Talk = {
  /** The picture that it is about. */
  readonly pictureId: string | undefined
  readonly rounds: readonly Round[]
  /** By number of mask. */
  readonly shown: Readonly<Record<number, Shown>>
  /** 'forced': the answer is one mask and nothing else. */
  readonly constraint: 'free' | 'forced'
  /** The question that is being typed. */
  readonly draft: string
  /** Number of the mask that was picked. */
  readonly picked: number | undefined
}

const EMPTY: Omit<Talk, 'constraint'> = {
  pictureId: undefined,
  rounds: [],
  shown: {},
  draft: '',
  picked: undefined,
}
export const useTalk = create<Talk>(() => ({ ...EMPTY, constraint: 'free' }))
const set = useTalk.setState
const get = useTalk.getState

let stopping: AbortController | undefined
let lastId = 0

export const setDraft = (draft: string): void => set({ draft })
export const setConstraint = (constraint: Talk['constraint']): void => set({ constraint })
export const pick = (picked: number | undefined): void => set({ picked })
export const isAnswering = ({ rounds }: Pick<Talk, 'rounds'>): boolean => {
  const state = rounds.at(-1)?.state
  return state === 'waiting' || state === 'answering'
}
/** Masks of the whole conversation, by their numbers. */
export const masksOf = (rounds: readonly Round[]): SaidMask[] => rounds.flatMap(({ masks }) => masks)

/** Ends the answer that is being said; what was said stays. */
export const stop = (): void => stopping?.abort()

/** Forgets the conversation. */
export function newTalk(): void {
  stop()
  set(EMPTY)
}

const replace = (round: Round): void =>
  set(({ rounds }) => ({ rounds: rounds.map((one) => (one.id === round.id ? round : one)) }))

/** Asks the draft about a picture. A conversation about another picture is left behind. */
export async function ask(picture: Picture, model: ModelFacts): Promise<void> {
  const question = get().draft.trim()
  if (question === '' || isAnswering(get())) return
  if (get().pictureId !== picture.id) set({ ...EMPTY, pictureId: picture.id })
  const { rounds: before, constraint } = get()
  const targets = { masks: masksOf(before), regions: useStudio.getState().document.regions }
  const firstNumber = Math.max(0, ...targets.masks.map(({ number }) => number)) + 1
  let round = newRound(++lastId, question)
  set({ rounds: [...before, round], draft: '' })
  const controller = new AbortController()
  stopping = controller
  const { signal } = controller
  const began = performance.now()
  const isThere = (): boolean => get().rounds.some(({ id }) => id === round.id)
  try {
    const events = askModel(
      picture,
      (handle) => ({
        messages: messagesOf(before, question, handle, targets),
        dialect: 'coco-rle',
        maskWords: true,
        ...(model.alternatives && { alternatives: ALTERNATIVES }),
        ...(model.constraints.includes(constraint) && { constraint: { mode: constraint } }),
      }),
      signal,
    )
    for await (const chunk of events) {
      // A conversation that was left wants nothing more.
      if (!isThere()) return
      round = heard(round, chunk, firstNumber, performance.now() - began)
      showNew(round.masks)
      replace(round)
    }
    if (round.state === 'waiting' || round.state === 'answering') round = { ...round, state: 'done' }
  } catch (error) {
    const { message, hint } = error as { message?: string; hint?: string }
    round = signal.aborted
      ? endedEarly(round, 'stopped')
      : endedEarly(round, 'failed', { message: message ?? String(error), hint })
  } finally {
    if (stopping === controller) stopping = undefined
  }
  if (!isThere()) return
  replace(round)
  const whole = round.masks.filter(({ rle }) => rle !== undefined).length
  say(
    `${SAID[round.state] ?? 'Answered'}: ${whole} ${whole === 1 ? 'mask' : 'masks'}. ${round.text.slice(0, 200)}`,
  )
}

const SAID: Partial<Record<Round['state'], string>> = {
  stopped: 'Stopped',
  failed: 'The answer broke off',
  cut: 'Cut at the length limit',
}

/** Draws masks that came in. */
function showNew(masks: readonly SaidMask[]): void {
  const shown = { ...get().shown }
  let changed = false
  for (const { number, rle } of masks) {
    if (rle === undefined || shown[number] !== undefined) continue
    changed = true
    try {
      shown[number] = { mask: maskOfAnswer(rle), alternative: -1, busy: false, problem: undefined }
    } catch (error) {
      shown[number] = { mask: undefined, alternative: -1, busy: false, problem: (error as Error).message }
    }
  }
  if (changed) set({ shown })
}

/** Draws another mask in the place of the one that was said: `alternative` of its list, or -1 for what was said. */
export async function showAlternative(
  picture: Picture,
  codec: string | null,
  said: SaidMask,
  alternative: number,
): Promise<void> {
  const tell = (change: Partial<Shown>): void =>
    set(({ shown }) => ({ shown: { ...shown, [said.number]: { ...shown[said.number]!, ...change } } }))
  const isNewest = (): boolean => get().shown[said.number]?.alternative === alternative
  tell({ alternative, busy: true, problem: undefined })
  try {
    const words = said.alternatives[alternative]?.words
    if (words !== undefined && codec === null)
      throw new Error('nobody at the server reads the words of this model')
    const mask =
      words === undefined ? said.rle && maskOfAnswer(said.rle) : await drawWords(picture, codec!, words)
    if (isNewest()) tell({ mask, busy: false })
  } catch (error) {
    if (isNewest()) tell({ busy: false, problem: (error as Error).message })
  }
}
