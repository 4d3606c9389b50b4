// Which part of an answer a place belongs to, told while the text comes. A closing tag that nothing opened, or an answer tag, says
// afterwards what stood before it: such changes are told, and when the text has ended every place is as `answerParts` has it.

import type { TextRange } from './answer-part.ts'
import {
  type AnswerOptions,
  answerParts,
  beginningOf,
  isQuoted,
  MAX_SIGN_CHARS,
  mayBeginLonger,
  nextSign,
  opensThought,
  type Sign,
} from './answer-parts.ts'
import { isBlankRange, skipSpace } from './characters.ts'

/** `outside`: around thought and answer, as what follows the end of the turn. */
export type AnswerPart = 'answer' | 'thought' | 'outside'

/** The part of all characters from start to end. */
export type PartRange = TextRange & { readonly part: AnswerPart }

/** Behind a sign, what is looked at to know whether it stands in quotes. */
const QUOTE_CHARS = 2

/** What every sign begins with. */
const SIGN_HEAD = /[<[\u25c1]/g

export class AnswerTracker {
  private readonly options: AnswerOptions
  private readonly deltas: string[] = []
  /** The text from `base` on that may still be needed; `from` is where signs are looked for, a place of the whole text. */
  private window = ''
  private base = 0
  private from = 0
  private end = 0
  /** How much was told before the piece that is taken now. */
  private known = 0
  private hasBegun = false
  private inThought: boolean
  private hasThought: boolean
  private hasAnswerTag = false
  private isOver = false
  /** Where what may still fall to a thought begins: the end of the last one. */
  private after = 0
  private now: AnswerPart
  /** What was told so far, in order, without gaps. */
  private told: PartRange[] = []

  constructor(options: AnswerOptions = {}) {
    this.options = options
    this.inThought = this.hasThought = options.thoughtOpen === true
    this.now = this.inThought ? 'thought' : 'answer'
  }

  /** Takes the next piece of the text, and says what changes of what was told before it. */
  push(delta: string): PartRange[] {
    this.known = this.end
    this.deltas.push(delta)
    this.window += delta
    this.end += delta.length
    const changes = this.scan()
    this.tell(this.end, this.now)
    const keep = Math.max(this.base, this.from - QUOTE_CHARS)
    this.window = this.window.slice(keep - this.base)
    this.base = keep
    return changes
  }

  /** The parts of a range as they are known now, in order. */
  partsIn(start: number, end: number): PartRange[] {
    let low = 0
    let high = this.told.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.told[middle]!.end <= start) low = middle + 1
      else high = middle
    }
    const parts: PartRange[] = []
    for (let k = low; k < this.told.length && this.told[k]!.start < end; k++) {
      const { start: from, end: to, part } = this.told[k]!
      parts.push({ start: Math.max(from, start), end: Math.min(to, end), part })
    }
    return parts
  }

  /** The last changes, after which all but blanks is as `answerParts` has it, and the whole text. */
  finish(): { changes: PartRange[]; text: string } {
    const text = this.deltas.join('')
    const right = partRanges(text, this.options)
    const changes: PartRange[] = []
    for (const range of right) {
      for (const was of this.partsIn(range.start, range.end)) {
        if (was.part === range.part || isBlankRange(text, was.start, was.end)) continue
        const last = changes[changes.length - 1]
        if (last !== undefined && last.end === was.start && last.part === range.part) {
          changes[changes.length - 1] = { ...last, end: was.end }
        } else changes.push({ start: was.start, end: was.end, part: range.part })
      }
    }
    this.told = right
    return { changes, text }
  }

  private scan(): PartRange[] {
    const changes: PartRange[] = []
    if (!this.hasBegun) {
      const begin = skipSpace(this.window, beginningOf(this.window, this.from - this.base))
      this.from = this.after = this.base + begin
      if (mayBeginLonger(this.window, begin)) return changes
      this.hasBegun = true
      const first = nextSign(this.window, begin)
      if (this.inThought && opensThought(this.window, begin, first)) this.inThought = this.hasThought = false
    }
    while (!this.isOver) {
      SIGN_HEAD.lastIndex = this.from - this.base
      const head = SIGN_HEAD.exec(this.window)
      this.from = this.base + (head?.index ?? this.window.length)
      if (head === null) break
      const sign = nextSign(this.window, this.from - this.base)
      const left = sign === undefined ? MAX_SIGN_CHARS : this.window.length - sign.end
      // The end of a message may be the beginning of a longer sign: the next channel's name.
      const needs = sign?.kind === 'end' || sign?.kind === 'start' ? MAX_SIGN_CHARS : QUOTE_CHARS
      if (sign === undefined || left < needs) {
        const unread = sign === undefined ? this.window.length - MAX_SIGN_CHARS : sign.start
        this.from = Math.max(this.from, this.base + unread)
        break
      }
      this.from = this.base + sign.end
      if (!isQuoted(this.window, sign.start, sign.end)) {
        this.take({ ...sign, start: this.base + sign.start, end: this.base + sign.end }, changes)
      }
    }
    return changes
  }

  private take({ kind, start, end }: Sign, changes: PartRange[]): void {
    if (kind === 'open') {
      if (this.inThought) return
      this.turnTo('thought', start, changes)
      this.inThought = this.hasThought = true
    } else if (kind === 'close') {
      if (!this.inThought) this.change(this.hasThought ? this.after : 0, start, 'thought', changes)
      this.turnTo('answer', end, changes)
      this.inThought = false
      this.hasThought = true
      this.after = end
    } else if (kind === 'end' || kind === 'start') {
      if (this.inThought && kind === 'end') return
      this.turnTo('outside', start, changes)
      this.isOver = true
    } else if (!this.inThought && kind === 'answered') this.turnTo('outside', start, changes)
    else if (!this.inThought && !this.hasAnswerTag) {
      this.hasAnswerTag = true
      this.change(this.after, start, this.hasThought ? 'outside' : 'thought', changes)
      this.turnTo('answer', end, changes)
    }
  }

  /** What follows from `at` on is of this part; what comes before is as before. */
  private turnTo(part: AnswerPart, at: number, changes: PartRange[]): void {
    this.tell(at, this.now)
    this.now = part
    if (at < this.known) changes.push({ start: at, end: this.known, part })
  }

  private tell(until: number, part: AnswerPart): void {
    const last = this.told[this.told.length - 1]
    const start = last?.end ?? 0
    // A sign that was known only after it had been told: what follows is told anew.
    if (until <= start) this.cut(until)
    else if (last?.part === part) this.told[this.told.length - 1] = { ...last, end: until }
    else this.told.push({ start, end: until, part })
  }

  private cut(at: number): void {
    while (this.told.length > 0 && this.told[this.told.length - 1]!.start >= at) this.told.pop()
    const last = this.told[this.told.length - 1]
    if (last !== undefined && last.end > at) this.told[this.told.length - 1] = { ...last, end: at }
  }

  /** Characters that were told as another part. */
  private change(start: number, end: number, part: AnswerPart, changes: PartRange[]): void {
    this.tell(end, this.now)
    if (end <= start) return
    this.cut(start)
    this.tell(end, part)
    if (start < this.known) changes.push({ start, end: Math.min(end, this.known), part })
  }
}

/** The whole text as ranges, by `answerParts`. */
function partRanges(text: string, options: AnswerOptions): PartRange[] {
  const { thoughts, answers } = answerParts(text, options)
  const named: PartRange[] = [
    ...thoughts.map((range): PartRange => ({ ...range, part: 'thought' })),
    ...answers.map((range): PartRange => ({ ...range, part: 'answer' })),
  ].sort((a, b) => a.start - b.start)
  const ranges: PartRange[] = []
  let at = 0
  for (const range of named) {
    if (range.end === range.start) continue
    if (range.start > at) ranges.push({ start: at, end: range.start, part: 'outside' })
    ranges.push(range)
    at = range.end
  }
  if (at < text.length) ranges.push({ start: at, end: text.length, part: 'outside' })
  return ranges
}
