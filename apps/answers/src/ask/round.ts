// One question and its answer, put together from the events of a stream (docs/http-api.md, chat completions). Values only: nothing here
// asks or draws.
import type { ChatChunk, ChatMask } from '@maskwords/board/engine/asked-model.ts'

export type Alternative = NonNullable<ChatMask['alternatives']>[number]

/** A mask of an answer, from its first word on. */
export type SaidMask = {
  /** In the whole conversation, from 1 on: what `{mask:3}` means. */
  readonly number: number
  /** In this answer, from 0 on: what the server calls it. */
  readonly index: number
  /** [start, end) in the answer's text; empty while its words are said. */
  readonly start: number
  readonly end: number
  readonly status: 'begun' | ChatMask['status']
  /** As said so far. */
  readonly words: readonly Word[]
  readonly text: string
  /** Null where the model does not tell it. */
  readonly probability: number | null
  /** Most probable first. */
  readonly alternatives: readonly Alternative[]
  /** As the server drew it. */
  readonly rle: object | undefined
  readonly problem: string | undefined
}

export type Word = { readonly text: string; readonly probability: number | null }

export type RoundState = 'waiting' | 'answering' | 'done' | 'cut' | 'stopped' | 'failed'

export type Round = {
  readonly id: number
  /** As typed. */
  readonly question: string
  readonly text: string
  readonly masks: readonly SaidMask[]
  readonly state: RoundState
  readonly notes: readonly string[]
  readonly problem: { readonly message: string; readonly hint: string | undefined } | undefined
  /** From the question to the first mask, in milliseconds. */
  readonly firstMaskMs: number | undefined
}

/** A round that is asked now. */
export const newRound = (id: number, question: string): Round => ({
  id,
  question,
  text: '',
  masks: [],
  state: 'waiting',
  notes: [],
  problem: undefined,
  firstMaskMs: undefined,
})

const probabilityOf = (logprob: number | null | undefined): number | null =>
  typeof logprob === 'number' ? Math.exp(logprob) : null

/** What is known of a mask before it is whole. */
const begun = (index: number, number: number, start: number): SaidMask => ({
  number,
  index,
  start,
  end: start,
  status: 'begun',
  words: [],
  text: '',
  probability: null,
  alternatives: [],
  rle: undefined,
  problem: undefined,
})

/**
 * The round after one more event. `firstNumber` is the number of this answer's first mask in the conversation, `sinceMs` the time since
 * the question.
 */
export function heard(round: Round, chunk: ChatChunk, firstNumber: number, sinceMs: number): Round {
  const choice = chunk.choices[0]
  if (choice === undefined) return round
  const { delta, finish_reason: finish, notes } = choice
  let { text, masks, firstMaskMs } = round
  const put = (mask: SaidMask): void => {
    masks = [...masks.filter(({ index }) => index !== mask.index), mask].sort((a, b) => a.index - b.index)
  }
  if (delta.maskWord !== undefined) {
    const { mask: index, words, logprob } = delta.maskWord
    const before = masks.find((one) => one.index === index) ?? begun(index, firstNumber + index, text.length)
    const word = { text: words, probability: probabilityOf(logprob) }
    put({ ...before, words: [...before.words, word], text: before.text + words })
  }
  if (delta.content !== undefined && delta.content !== '') {
    const at = text.length
    text += delta.content
    // The words of a mask become text at once, before it is drawn.
    const open = masks.find((one) => one.status === 'begun' && one.end === one.start && one.start === at)
    if (open !== undefined && open.words.length > 0 && delta.content.includes(open.words[0]!.text)) {
      put({ ...open, end: text.length })
    }
  }
  for (const one of delta.masks ?? []) {
    const before =
      masks.find(({ index }) => index === one.index) ?? begun(one.index, firstNumber + one.index, one.start)
    const words = before.words.map((word, i) => ({
      ...word,
      probability: probabilityOf(one.wordLogprobs[i]) ?? word.probability,
    }))
    put({
      ...before,
      words,
      start: one.start,
      end: one.end,
      status: one.status,
      text: one.words,
      probability: one.probability,
      alternatives: one.alternatives ?? [],
      rle: one.mask,
      problem:
        one.error === undefined ? undefined : [one.error.message, one.error.hint].filter(Boolean).join('; '),
    })
    firstMaskMs ??= sinceMs
  }
  const state = finish === 'length' ? 'cut' : finish === 'stop' ? 'done' : 'answering'
  return { ...round, text, masks, firstMaskMs, state, notes: notes ?? round.notes }
}

/** The round where its answer ended early: what was said stays, masks that are not whole are marked. */
export function endedEarly(
  round: Round,
  state: 'stopped' | 'failed',
  problem?: { readonly message: string; readonly hint: string | undefined },
): Round {
  const masks = round.masks.map(
    (mask): SaidMask =>
      mask.status === 'begun'
        ? { ...mask, status: 'rejected', problem: 'the answer ended within its words' }
        : mask,
  )
  return { ...round, masks, state, problem }
}

export type Piece =
  | { readonly kind: 'text'; readonly start: number; readonly text: string }
  | { readonly kind: 'mask'; readonly start: number; readonly mask: SaidMask }

/** The answer's text and its masks in their order. */
export function piecesOf({ text, masks }: Pick<Round, 'text' | 'masks'>): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  const textTo = (end: number): void => {
    if (end > from) pieces.push({ kind: 'text', start: from, text: text.slice(from, end) })
    from = Math.max(from, end)
  }
  for (const mask of [...masks].sort((a, b) => a.start - b.start || a.index - b.index)) {
    textTo(Math.min(mask.start, text.length))
    pieces.push({ kind: 'mask', start: mask.start, mask })
    from = Math.max(from, Math.min(mask.end, text.length))
  }
  textTo(text.length)
  return pieces
}
