// The state machine behind strict parsing: it is fed words and other text in order, from a whole text, a stream or token
// ids, and closes spans. Every mask word belongs to exactly one span.

import { WordsError } from './error.ts'
import {
  addRepair,
  type CodeSpelling,
  MAX_SPAN_IDS,
  type MaskSpan,
  type OpenSpan,
  resolveHimtokSpan,
  resolveSamtokSpan,
  type SpanEnd,
} from './mask-span.ts'
import type { SpanVocabulary } from './vocabulary.ts'

/** White space tolerated between two words of a span. Servers insert one character; indented JSON inserts a few. */
export const MAX_GAP = 16

/** Spans kept of one text; more are counted in `omittedSpans`. It would take 400,000 tokens of nothing but masks. */
export const MAX_SPANS = 100_000

export type MachineOptions = {
  /** HiMTok only: the number of codes that was asked for; without it a mask is complete with `maxLength` codes. */
  expectedLength?: number
  /** Spans kept, at most MAX_SPANS. */
  maxSpans?: number
}

/** Told of every step, with places in the input; used by the stream. */
export type MachineListener = {
  text(start: number, end: number): void
  spanStart(start: number): void
  code(id: number, index: number, start: number, end: number): void
  spanEnd(span: MaskSpan): void
}

/** Collects spans. Feed `startWord`, `codeWord`, `endWord` and `other` in order, then `endOfText`. */
export class MaskMachine {
  readonly spans: MaskSpan[] = []
  omittedSpans = 0
  private open: OpenSpan | undefined
  /** White space after the last word of the open span, not yet known to be inside it; -1 when there is none. */
  private gapStart = -1
  private gapEnd = -1
  private readonly fullLength: number
  private readonly maxSpans: number
  private readonly vocabulary: SpanVocabulary
  private readonly listener: MachineListener | undefined

  constructor(vocabulary: SpanVocabulary, options: MachineOptions = {}, listener?: MachineListener) {
    const { expectedLength, maxSpans = MAX_SPANS } = options
    if (expectedLength !== undefined) {
      const most = vocabulary.kind === 'himtok' ? vocabulary.maxLength : vocabulary.levels
      if (!Number.isInteger(expectedLength) || expectedLength < 1 || expectedLength > most) {
        throw new WordsError(
          'out-of-range',
          `expectedLength must be from 1 to ${most} for this vocabulary, got ${expectedLength}`,
        )
      }
    }
    if (!Number.isInteger(maxSpans) || maxSpans < 1 || maxSpans > MAX_SPANS) {
      throw new WordsError('out-of-range', `maxSpans must be from 1 to ${MAX_SPANS}, got ${maxSpans}`)
    }
    this.vocabulary = vocabulary
    this.maxSpans = maxSpans
    this.listener = listener
    this.fullLength =
      vocabulary.kind === 'himtok' ? (expectedLength ?? vocabulary.maxLength) : vocabulary.levels
  }

  startWord(start: number, end: number): void {
    if (this.open !== undefined) {
      addRepair(this.open.repairs, 'nested-start', start, end)
      this.close('start-word')
    }
    this.begin(start, end, true)
  }

  /** A code word; `digits` says whether it was written with the vocabulary's number of digits. */
  codeWord(id: number, digitsFit: boolean, spelling: CodeSpelling, start: number, end: number): void {
    let open = this.open
    if (open !== undefined && !open.hasStart && open.ids.length === this.fullLength) {
      this.close('text')
      open = undefined
    }
    if (open === undefined) open = this.begin(start, end, false)
    else this.takeGap(open)
    open.end = end
    if (!digitsFit) addRepair(open.repairs, 'digits', start, end)
    if (spelling !== 'either') open[spelling]++
    if (open.ids.length < MAX_SPAN_IDS) {
      open.ids.push(id)
      open.places.push(start, end)
    } else {
      if (open.overflow === 0) open.overflowStart = start
      open.overflow++
      open.places[open.places.length - 1] = end
    }
    this.listener?.code(id, open.ids.length + open.overflow - 1, start, end)
  }

  endWord(start: number, end: number): void {
    const open = this.open
    if (open !== undefined) {
      this.takeGap(open)
      open.end = end
      this.close('end-word')
      return
    }
    this.listener?.spanStart(start)
    this.keep({
      start,
      end,
      status: 'rejected',
      codes: [],
      ids: [],
      repairs: [{ kind: 'stray-end', start, end, count: 1 }],
    })
  }

  /** Text that is no mask word; `blank` says whether all of it is white space. */
  other(start: number, end: number, blank: boolean): void {
    if (end === start) return
    if (this.open === undefined) {
      this.listener?.text(start, end)
      return
    }
    const gapStart = this.gapStart === -1 ? start : this.gapStart
    if (blank && end - gapStart <= MAX_GAP) {
      this.gapStart = gapStart
      this.gapEnd = end
      return
    }
    this.close('text')
    this.listener?.text(start, end)
  }

  endOfText(): void {
    if (this.open !== undefined) this.close('end-of-text')
  }

  /** First place that may still be needed: the start of a gap that is not yet known to be inside a span. */
  heldFrom(): number {
    return this.gapStart
  }

  private begin(start: number, end: number, hasStart: boolean): OpenSpan {
    const counts = { overflow: 0, overflowStart: 0, padded: 0, short: 0 }
    this.open = { start, end, hasStart, ids: [], places: [], ...counts, repairs: [] }
    this.listener?.spanStart(start)
    return this.open
  }

  private takeGap(open: OpenSpan): void {
    if (this.gapStart === -1) return
    addRepair(open.repairs, 'whitespace', this.gapStart, this.gapEnd)
    this.gapStart = -1
  }

  private close(how: SpanEnd): void {
    const open = this.open!
    this.open = undefined
    // Hostile text has many spans: those that nobody will see are counted without being resolved.
    if (this.spans.length === this.maxSpans && this.listener === undefined) this.omittedSpans++
    else
      this.keep(
        this.vocabulary.kind === 'samtok'
          ? resolveSamtokSpan(open, this.vocabulary, how)
          : resolveHimtokSpan(open, this.vocabulary, how, this.fullLength),
      )
    if (this.gapStart !== -1) {
      const start = this.gapStart
      this.gapStart = -1
      this.listener?.text(start, this.gapEnd)
    }
  }

  private keep(span: MaskSpan): void {
    if (this.spans.length < this.maxSpans) this.spans.push(span)
    else this.omittedSpans++
    this.listener?.spanEnd(span)
  }
}
