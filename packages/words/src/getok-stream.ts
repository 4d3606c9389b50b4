// GETok text in a stream: words and tags as they come, from deltas split anywhere, each with the part of the answer that it stands in;
// the geometry at the end.

import type { AnswerOptions } from './answer-parts.ts'
import { type AnswerPart, AnswerTracker, type PartRange } from './answer-tracker.ts'
import { WordsError } from './error.ts'
import { type GetokParse, parseGetok } from './getok-parse.ts'
import { type GetokPiece, MAX_GETOK_WORD, mayBecomeGetokPiece, readGetokPiece } from './getok-word.ts'
import type { GetokVocabulary } from './vocabulary.ts'

/**
 * Text between words, or a word or tag, with the part that it belongs to as far as that is known; or a change: all that was
 * told of a range belongs to another part, because a tag behind it says so. Words of thoughts are no masks of the answer. Places are
 * characters from the beginning of the stream.
 */
export type GetokEvent =
  | {
      readonly kind: 'text'
      readonly start: number
      readonly end: number
      readonly text: string
      readonly part: AnswerPart
    }
  | (GetokPiece & { readonly part: AnswerPart })
  | ({ readonly kind: 'part' } & PartRange)

export type GetokStream = {
  push(delta: string): GetokEvent[]
  /** Last events, after which every part is as `answerParts` has it, and the parse of the whole text. Nothing can be pushed afterwards. */
  end(): { events: GetokEvent[]; parse: GetokParse }
}

/**
 * Opens a stream. Only the beginning of a word or tag (MAX_GETOK_WORD characters at most) and half a surrogate pair are
 * held back. Throws WordsError 'unsupported' after `end`; no text makes it throw.
 */
export function getokStream(vocabulary: GetokVocabulary, options: AnswerOptions = {}): GetokStream {
  const tracker = new AnswerTracker(options)
  let held = ''
  let base = 0
  let ended = false

  const scan = (text: string, final: boolean): { events: GetokEvent[]; used: number } => {
    const events: GetokEvent[] = []
    let plain = 0
    let used = text.length
    const give = (end: number) => {
      if (end === plain) return
      for (const range of tracker.partsIn(base + plain, base + end)) {
        events.push({ kind: 'text', ...range, text: text.slice(range.start - base, range.end - base) })
      }
    }
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit !== 60 && unit !== 91) continue
      const piece = readGetokPiece(text, at)
      if (piece !== undefined) {
        give(at)
        const [{ part }] = tracker.partsIn(base + at, base + piece.end) as [PartRange]
        events.push({ ...piece, start: base + at, end: base + piece.end, part })
        plain = piece.end
        at = piece.end - 1
      } else if (!final && text.length - at < MAX_GETOK_WORD && mayBecomeGetokPiece(text, at)) {
        used = at
        break
      }
    }
    const last = text.charCodeAt(used - 1)
    if (!final && used > plain && last >= 0xd800 && last <= 0xdbff) used--
    give(used)
    return { events, used }
  }

  const take = (delta: string, final: boolean): GetokEvent[] => {
    if (ended) throw new WordsError('unsupported', 'the stream has ended', { hint: 'open a new one' })
    const changes = tracker.push(delta)
    const text = held + delta
    const { events, used } = scan(text, final)
    held = text.slice(used)
    base += used
    return [...changesOf(changes), ...events]
  }

  return {
    push: (delta) => take(delta, false),
    end() {
      const events = take('', true)
      ended = true
      const { changes, text } = tracker.finish()
      return { events: [...events, ...changesOf(changes)], parse: parseGetok(text, vocabulary, options) }
    },
  }
}

const changesOf = (changes: readonly PartRange[]): GetokEvent[] =>
  changes.map((change) => ({ kind: 'part', ...change }))
