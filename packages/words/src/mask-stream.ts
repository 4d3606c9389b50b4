// Mask words in a stream: deltas of text split anywhere (inside a word, inside a surrogate pair) or token ids.
//
// Only what may still become part of a word is held back: the beginning of a word, up to MAX_GAP blanks after a word of
// an open span, half a surrogate pair. The spans equal those of the whole text.

import { WordsError } from './error.ts'
import { scanMaskText } from './mask-lexer.ts'
import { type MachineListener, type MachineOptions, MaskMachine } from './mask-machine.ts'
import { feedTokenIds, type MaskParse } from './mask-parse.ts'
import type { MaskSpan, Repair } from './mask-span.ts'
import type { SpanVocabulary } from './vocabulary.ts'

/** What happened, in order of the input; places are characters (or tokens) from the beginning of the stream. */
export type MaskEvent =
  /** Text outside spans; neighbours within one push are one event. */
  | { readonly type: 'text'; readonly start: number; end: number; text: string }
  /** Tokens outside spans, when ids are pushed. */
  | { readonly type: 'tokens'; readonly start: number; end: number; ids: number[] }
  | { readonly type: 'span-start'; readonly start: number }
  /** A code word as written: `id` is global, `index` its place in the span. Codes are settled at the end of the span. */
  | {
      readonly type: 'code'
      readonly id: number
      readonly index: number
      readonly start: number
      readonly end: number
    }
  /** One for each repair of the span that ends next. */
  | { readonly type: 'repair'; readonly repair: Repair }
  | { readonly type: 'span-end'; readonly span: MaskSpan }

/** A stream being parsed. Push text or token ids, not both; `end` closes what is open. */
export type MaskStream = {
  push(delta: string): MaskEvent[]
  pushTokenIds(ids: ArrayLike<number>): MaskEvent[]
  /** Last events and the whole parse. Nothing can be pushed afterwards. */
  end(): { events: MaskEvent[]; parse: MaskParse }
}

/**
 * Opens a stream. Every method throws WordsError 'unsupported' when it is called after `end` or when text and ids are
 * mixed; no text makes it throw. Options as for `parseMaskWords` in strict mode.
 */
export function maskStream(vocabulary: SpanVocabulary, options: MachineOptions = {}): MaskStream {
  let events: MaskEvent[] = []
  /** Text from `windowStart` on that is still needed; `used` is the place up to which it was scanned. */
  let window = ''
  let windowStart = 0
  let used = 0
  let chunk: ArrayLike<number> = []
  let mode: 'new' | 'text' | 'ids' | 'ended' = 'new'

  const listener: MachineListener = {
    text(start, end) {
      const last = events[events.length - 1]
      if (mode === 'ids') {
        const id = chunk[start - used]!
        if (last?.type === 'tokens') {
          last.ids.push(id)
          last.end = end
        } else events.push({ type: 'tokens', start, end, ids: [id] })
        return
      }
      const text = window.slice(start - windowStart, end - windowStart)
      if (last?.type === 'text' && last.end === start) {
        last.text += text
        last.end = end
      } else events.push({ type: 'text', start, end, text })
    },
    spanStart(start) {
      events.push({ type: 'span-start', start })
    },
    code(id, index, start, end) {
      events.push({ type: 'code', id, index, start, end })
    },
    spanEnd(span) {
      for (const repair of span.repairs) events.push({ type: 'repair', repair })
      events.push({ type: 'span-end', span })
    },
  }
  const machine = new MaskMachine(vocabulary, options, listener)

  const enter = (wanted: 'text' | 'ids') => {
    if (mode === 'ended')
      throw new WordsError('unsupported', 'the stream has ended', { hint: 'open a new one' })
    if (mode !== 'new' && mode !== wanted) {
      throw new WordsError('unsupported', `this stream takes ${mode}, got ${wanted}`, {
        hint: 'push text or token ids, not both',
      })
    }
    mode = wanted
  }
  const take = () => {
    const taken = events
    events = []
    return taken
  }

  return {
    push(delta) {
      enter('text')
      window += delta
      const last = window.charCodeAt(window.length - 1)
      const whole = last >= 0xd800 && last <= 0xdbff ? window.length - 1 : window.length
      used += scanMaskText(window.slice(used - windowStart, whole), used, false, vocabulary, machine)
      const gap = machine.heldFrom()
      const keepFrom = gap === -1 ? used : gap
      window = window.slice(keepFrom - windowStart)
      windowStart = keepFrom
      return take()
    },
    pushTokenIds(ids) {
      enter('ids')
      chunk = ids
      feedTokenIds(ids, used, vocabulary, machine)
      used += ids.length
      return take()
    },
    end() {
      if (mode === 'new') mode = 'text'
      enter(mode as 'text' | 'ids')
      if (mode === 'text') scanMaskText(window.slice(used - windowStart), used, true, vocabulary, machine)
      else machine.endOfText()
      mode = 'ended'
      return {
        events: take(),
        parse: { spans: machine.spans, omittedSpans: machine.omittedSpans },
      }
    },
  }
}
