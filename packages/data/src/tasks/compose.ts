// Pieces of conversations put together: templates with slots, texts with masks written by the formatters of
// @maskwords/words. Definition: ours.
import { himtokVocabulary, type SpanVocabulary } from '@maskwords/words'
import type { Piece, RegionForm, RegionPiece, TaskConversation, TaskOptions, Turn } from '../conversation.ts'

export const WORDS: RegionForm = { as: 'words' }

/** The mask of regions together, in a form (the codec's words by default), seen in a picture of the conversation. */
export function maskPiece(regions: readonly string[], form: RegionForm = WORDS, picture = 0): RegionPiece {
  return picture === 0 ? { regions, form } : { regions, form, picture }
}

/** Pieces one after the other, neighbouring strings joined, empty ones dropped. */
export function pieces(...parts: readonly (Piece | readonly Piece[])[]): Piece[] {
  const joined: Piece[] = []
  for (const piece of parts.flat() as Piece[]) {
    if (piece === '') continue
    const last = joined.at(-1)
    if (typeof piece === 'string' && typeof last === 'string') joined[joined.length - 1] = last + piece
    else joined.push(piece)
  }
  return joined
}

/** Pieces with a separator between each two of the list. */
export function joinPieces(list: readonly (Piece | readonly Piece[])[], separator: string): Piece[] {
  return pieces(...list.flatMap((part, at) => (at === 0 ? [part] : [separator, part])))
}

/** A template with `{name}` in place of slots. What is put into a slot is never searched for slots again. */
export function fillTemplate(
  template: string,
  slots: Readonly<Record<string, Piece | readonly Piece[]>>,
): Piece[] {
  return pieces(
    ...template.split(/(\{[a-z]+\})/).map((part) => {
      const name = /^\{([a-z]+)\}$/.exec(part)?.[1]
      return name === undefined ? part : slots[name]!
    }),
  )
}

/**
 * What a formatter of @maskwords/words writes, with masks still to come. `write` gets a vocabulary in which the code k
 * stands for `masks[k]`: what is written here is, once filled, exactly what the formatter would have written.
 */
export function writtenWith(
  masks: readonly RegionPiece[],
  write: (vocabulary: SpanVocabulary) => string,
): Piece[] {
  const vocabulary = himtokVocabulary({ codes: Math.max(masks.length, 1), maxLength: 1 })
  const parts = write(vocabulary).split(/<\|mt_start\|><\|mt_(\d+)\|><\|mt_end\|>/)
  return pieces(...parts.map((part, at) => (at % 2 === 0 ? part : masks[Number(part)]!)))
}

/** The whole picture before the first request, as every trainer here expects it. */
export const PICTURE: readonly Piece[] = [{ picture: 0 }, '\n']

export function userTurn(...parts: readonly (Piece | readonly Piece[])[]): Turn {
  return { role: 'user', pieces: pieces(...parts) }
}

export function assistantTurn(...parts: readonly (Piece | readonly Piece[])[]): Turn {
  return { role: 'assistant', pieces: pieces(...parts) }
}

type Widened<T> = T extends number ? number : T extends string ? string : boolean

/** A setting of the task: as the caller gave it where it has the right type, else `fallback`. */
export function setting<T extends number | string | boolean>(
  options: TaskOptions,
  name: string,
  fallback: T,
): Widened<T> {
  const given = options.settings[name]
  return (typeof given === typeof fallback ? given : fallback) as Widened<T>
}

/** `<record id>/<task>/<number>`. */
export function conversationId(recordId: string, task: string, number: number): string {
  return `${recordId}/${task}/${number}`
}

/** A conversation about the whole picture alone: one request, one answer that is also the truth. */
export function singleExchange(parts: {
  readonly id: string
  readonly task: string
  readonly request: readonly Piece[]
  readonly answer: readonly Piece[]
  readonly truth: NonNullable<TaskConversation['truth']>
}): TaskConversation {
  const { id, task, request, answer, truth } = parts
  return {
    id,
    task,
    pictures: [{}],
    turns: [userTurn(PICTURE, request), assistantTurn(answer)],
    truth,
  }
}
