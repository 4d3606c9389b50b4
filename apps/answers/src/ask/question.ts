// Questions that point at masks: `{mask:3}` is the third mask of the conversation, `{region:2}` a region of Draw. What they become for the
// model: a mask that was said keeps its words, a region is sent as a mask and becomes words at the server.
import type { ChatMessages } from '@maskwords/board/engine/asked-model.ts'
import type { Region } from '@maskwords/board/state/types.ts'
import { cocoRleFromMask } from '@maskwords/mask'
import type { Round, SaidMask } from './round.ts'

const POINTERS = /\{(mask|region):(\d{1,6})\}/g

export type Pointer =
  | { readonly kind: 'mask'; readonly mask: SaidMask }
  | { readonly kind: 'region'; readonly region: Region }
  /** Points at nothing. */
  | { readonly kind: 'nothing'; readonly written: string }

/** What a question may point at. */
export type Targets = { readonly masks: readonly SaidMask[]; readonly regions: readonly Region[] }

/** Regions have identifiers `r1`, `r2`, ... */
export const regionNumber = ({ id }: Pick<Region, 'id'>): number => Number(id.slice(1))

/** A question as texts and what it points at, in their order. */
export function piecesOfQuestion(question: string, { masks, regions }: Targets): (string | Pointer)[] {
  const pieces: (string | Pointer)[] = []
  let from = 0
  for (const { 0: written, 1: kind, 2: digits, index } of question.matchAll(POINTERS)) {
    if (index > from) pieces.push(question.slice(from, index))
    from = index + written.length
    const number = Number(digits)
    if (kind === 'mask') {
      const mask = masks.find(
        (one) => one.number === number && one.status !== 'begun' && one.status !== 'rejected',
      )
      pieces.push(mask === undefined ? { kind: 'nothing', written } : { kind: 'mask', mask })
    } else {
      const region = regions.find((one) => regionNumber(one) === number)
      pieces.push(region === undefined ? { kind: 'nothing', written } : { kind: 'region', region })
    }
  }
  if (from < question.length) pieces.push(question.slice(from))
  return pieces
}

/** What a question points at. */
export const pointersOf = (question: string, targets: Targets): Pointer[] =>
  piecesOfQuestion(question, targets).filter((piece) => typeof piece !== 'string')

/** The first thing that a question points at and that is not there. */
export const missingPointer = (question: string, targets: Targets): string | undefined =>
  pointersOf(question, targets).flatMap((one) => (one.kind === 'nothing' ? [one.written] : []))[0]

type Content = Exclude<ChatMessages[number]['content'], string | null | undefined>

function contentOf(question: string, targets: Targets): Content {
  return piecesOfQuestion(question, targets).map((piece): Content[number] => {
    if (typeof piece === 'string') return { type: 'text', text: piece }
    if (piece.kind === 'mask') return { type: 'text', text: piece.mask.text }
    if (piece.kind === 'nothing') return { type: 'text', text: piece.written }
    const { size, counts } = cocoRleFromMask(piece.region.mask)
    return { type: 'mask', mask: { size: [size[0], size[1]], counts } }
  })
}

/** The conversation that ends with `question`; the picture stands before the first one. Rounds without an answer are left out. */
export function messagesOf(
  rounds: readonly Round[],
  question: string,
  picture: string,
  targets: Targets,
): ChatMessages {
  const answered = rounds.filter(({ text }) => text !== '')
  const messages: ChatMessages = []
  for (const { question, text } of answered) {
    messages.push(
      { role: 'user', content: contentOf(question, targets) },
      { role: 'assistant', content: text },
    )
  }
  messages.push({ role: 'user', content: contentOf(question, targets) })
  const first = messages[0]!
  first.content = [{ type: 'picture', picture }, ...(first.content as Content)]
  return messages
}

/** `question` with a pointer put in place of [start, end), blanks around it where words stand. */
export function withPointer(
  question: string,
  start: number,
  end: number,
  pointer: string,
): { readonly text: string; readonly caret: number } {
  const before = question.slice(0, start)
  const after = question.slice(end)
  const left = before === '' || /\s$/.test(before) ? '' : ' '
  const right = /^[\s.,;:?!)]/.test(after) ? '' : ' '
  const text = `${before}${left}${pointer}${right}${after}`
  return { text, caret: before.length + left.length + pointer.length + right.length }
}
