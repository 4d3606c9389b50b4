// GETok text in a stream: words and tags as they come, from deltas split anywhere; the geometry at the end.

import { WordsError } from './error.ts'
import { type GetokParse, parseGetok } from './getok-parse.ts'
import { type GetokPiece, MAX_GETOK_WORD, mayBecomeGetokPiece, readGetokPiece } from './getok-word.ts'
import type { GetokVocabulary } from './vocabulary.ts'

/** Text between words, or a word or tag; places are characters from the beginning of the stream. */
export type GetokEvent =
  | { readonly kind: 'text'; readonly start: number; end: number; text: string }
  | GetokPiece

export type GetokStream = {
  push(delta: string): GetokEvent[]
  /** Last events and the parse of the whole text. Nothing can be pushed afterwards. */
  end(): { events: GetokEvent[]; parse: GetokParse }
}

/**
 * Opens a stream. Only the beginning of a word or tag (MAX_GETOK_WORD characters at most) and half a surrogate pair are
 * held back. Throws WordsError 'unsupported' after `end`; no text makes it throw.
 */
export function getokStream(vocabulary: GetokVocabulary): GetokStream {
  const deltas: string[] = []
  let held = ''
  let base = 0
  let ended = false

  const scan = (text: string, final: boolean): { events: GetokEvent[]; used: number } => {
    const events: GetokEvent[] = []
    let plain = 0
    let used = text.length
    const give = (end: number) => {
      if (end > plain) {
        events.push({ kind: 'text', start: base + plain, end: base + end, text: text.slice(plain, end) })
      }
    }
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at)
      if (unit !== 60 && unit !== 91) continue
      const piece = readGetokPiece(text, at)
      if (piece !== undefined) {
        give(at)
        events.push({ ...piece, start: base + at, end: base + piece.end })
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
    const text = held + delta
    const { events, used } = scan(text, final)
    held = text.slice(used)
    base += used
    return events
  }

  return {
    push(delta) {
      const events = take(delta, false)
      deltas.push(delta)
      return events
    },
    end() {
      const events = take('', true)
      ended = true
      return { events, parse: parseGetok(deltas.join(''), vocabulary) }
    },
  }
}
