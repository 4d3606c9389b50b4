// Untrusted text made safe to put into a prompt or training file: a caption or label must not smuggle words that a
// tokenizer turns into control tokens (`<|im_start|>`, `<image>`, `<|mt_0001|>`, `[OFF_0_0]`).
//
// Words are looked for in a folded view: invisible characters dropped, compatibility forms (full-width `＜｜`) folded as
// NFKC normalisation does, because tokenizers with such normalisers would find them. Places are in the original.

import { WordsError } from './error.ts'
import { misspeltGetokWords, readGetokPiece } from './getok-word.ts'
import { MASK_WORD_HEAD } from './mask-lexer.ts'
import { misspeltWords } from './said-masks.ts'

export type SanitiseKind =
  /** `<|name|>`, known or not. */
  | 'control'
  /** The beginning `<|name` of a control word at the very end of the text. */
  | 'dangling'
  /** A tag that models or templates use: `<image>`, `<think>`, `<s>`, `<ref>`, ... */
  | 'tag'
  /** A bracket word: `[INST]`, `[MASK]`, ... */
  | 'bracket'
  /** A GETok word or container in any published spelling. */
  | 'getok'
  /** A mask in the form people read: `<11-347>`. */
  | 'display'
  /** What readers tell as a misspelt word of masks: `&lt;|mt_0011|&gt;`, `mt_0011`, `grid_1_2`, `<Box>`, `<|mt_` and no more. */
  | 'misspelt'
  /** One of the tokens that the caller listed. */
  | 'listed'

export type SanitiseFinding = {
  readonly kind: SanitiseKind
  /** Place in the text that was given (from the second pass on, in the text as it was then). */
  readonly start: number
  readonly end: number
  /** The word as a tokenizer with a normaliser would see it. */
  readonly token: string
  /** Whether invisible or compatibility characters hid it. */
  readonly disguised: boolean
}

export type SanitiseOptions = {
  /**
   * `escape` (default): brackets become look-alikes that no tokenizer folds back. `remove`: the words are cut out, but for the
   * beginning of one at the end of the text, which is escaped.
   */
  mode?: 'escape' | 'remove'
  /** Words that may stay, exactly as written. */
  allow?: Iterable<string>
  /** Further tokens to find, for example a tokenizer's added tokens. Those of one character are ignored. */
  tokens?: Iterable<string>
}

export type Sanitised = {
  readonly text: string
  /** In order of place, pass after pass; at most MAX_FINDINGS. */
  readonly findings: readonly SanitiseFinding[]
  /** Findings beyond MAX_FINDINGS: handled, counted, not listed. */
  readonly omittedFindings: number
}

/** Findings listed for one text. Honest captions have none. */
export const MAX_FINDINGS = 10_000

/** Longest name between `<|` and `|>`; the longest in published tokenizers has 31 characters. */
export const MAX_CONTROL_NAME = 64

/** Passes: cutting a word out can join another. What is left in the last pass is broken up character by character. */
export const MAX_SANITISE_PASSES = 8

const TAGS = new Set(
  (
    'image video audio img imgs picture ref box quad point points poly seg mask p think answer tool_call tool_response ' +
    'tools s pad unk bos eos cls sep sys img_context image_pad video_pad im_start im_end start_of_turn end_of_turn ' +
    'start_of_image end_of_image region roi obj vid object segmentation'
  ).split(' '),
)
const BRACKETS = new Set(
  'INST SEG CLS SEP MASK PAD UNK BOS EOS IMG IMG_BREAK IMG_END REF BOX TOOL_CALLS AVAILABLE_TOOLS'.split(' '),
)

/** What brackets become; NFKC leaves all four alone. */
const BRACKETS_OUT = new Map([
  ['<', '\u2039'],
  ['>', '\u203a'],
  ['[', '\u27e6'],
  [']', '\u27e7'],
])
/** Put after every character of a word that has no bracket to replace, and behind the name of a mask word. */
const BREAKER = '\u00b7'

/** Numbered words of published tokenizers: places (PaliGemma, Florence-2, Kosmos-2), spare ones (T5, Gemma). */
const NUMBERED = /^(?:loc_?|seg|patch_index_|unused_?|extra_id_|reserved_?|img|image_?|vis)\d{1,5}$/

/** A mask in the form people read. */
const DISPLAYED = /^\d{1,9}(?:-\d{1,9})+$/

/**
 * Escapes or removes every control word of `text` and says what it found. Applying it to its own result changes nothing.
 * Linear time. Throws WordsError only for a listed token that is empty or holds an escape character.
 */
export function sanitiseText(text: string, options: SanitiseOptions = {}): Sanitised {
  const { mode = 'escape' } = options
  const rules = { allow: new Set(options.allow ?? []), listed: listedTokens(options.tokens ?? []) }
  const result = { text, findings: [] as SanitiseFinding[], omittedFindings: 0 }
  for (let pass = 1; pass <= MAX_SANITISE_PASSES; pass++) {
    const replace = pass === MAX_SANITISE_PASSES ? brokenWord : mode === 'remove' ? () => '' : escapedWord
    const isPlainView = isPlain(result.text)
    if (replaceControlWords(result, folded(result.text), rules, replace)) continue
    // Folding may put a letter before a name, so that readers, who do not fold, see a word that the view does not have.
    if (isPlainView || !replaceControlWords(result, asWritten(result.text), rules, replace)) break
  }
  return result
}

type Rules = { allow: ReadonlySet<string>; listed: ReadonlyMap<string, readonly string[]> }

/** One pass over a view of `result.text`; whether it changed anything. */
function replaceControlWords(
  result: { text: string; findings: SanitiseFinding[]; omittedFindings: number },
  view: FoldedView,
  rules: Rules,
  replace: (token: string) => string,
): boolean {
  const { text, findings } = result
  const misspelt = misspeltPlaces(view.text)
  let next = 0
  const pieces: string[] = []
  let kept = 0
  for (let at = 0; at < view.text.length; ) {
    while (next < misspelt.length && misspelt[next]!.start < at) next++
    const isMisspelt = misspelt[next]?.start === at
    const match =
      matchAt(view.text, at, rules) ??
      (isMisspelt ? ({ kind: 'misspelt', end: misspelt[next]!.end } as const) : undefined)
    if (match === undefined) {
      at++
      continue
    }
    const start = view.place(at)
    const end = view.place(match.end - 1, true)
    const token = view.text.slice(at, match.end)
    at = match.end
    const written = text.slice(start, end)
    if (rules.allow.has(written)) continue
    if (findings.length === MAX_FINDINGS) result.omittedFindings++
    else findings.push({ kind: match.kind, start, end, token, disguised: token !== written })
    // Cutting off the beginning of a word at the end may bare another one: it is always escaped.
    pieces.push(text.slice(kept, start), match.kind === 'dangling' ? escapedWord(token) : replace(token))
    kept = end
  }
  if (pieces.length === 0) return false
  pieces.push(text.slice(kept))
  result.text = pieces.join('')
  return true
}

function matchAt(text: string, at: number, rules: Rules): { kind: SanitiseKind; end: number } | undefined {
  const unit = text.charCodeAt(at)
  if (unit !== 60 && unit !== 91 && rules.listed.size === 0) return undefined
  let best: { kind: SanitiseKind; end: number } | undefined
  const candidates = rules.listed.size === 0 ? undefined : rules.listed.get(text[at]!)
  for (const token of candidates ?? []) {
    if (text.startsWith(token, at)) {
      best = { kind: 'listed', end: at + token.length }
      break
    }
  }
  const own = unit === 60 ? angleWord(text, at) : unit === 91 ? squareWord(text, at) : undefined
  return own !== undefined && own.end > (best?.end ?? 0) ? own : best
}

function angleWord(text: string, at: number): { kind: SanitiseKind; end: number } | undefined {
  if (text[at + 1] === '|') {
    const limit = Math.min(text.length, at + 2 + MAX_CONTROL_NAME)
    let k = at + 2
    while (k < limit && isNameCharacter(text.charCodeAt(k))) k++
    if (k === text.length) return { kind: 'dangling', end: k }
    if (text[k] === '|' && k + 1 === text.length) return { kind: 'dangling', end: k + 1 }
    return k > at + 2 && text.startsWith('|>', k) ? { kind: 'control', end: k + 2 } : undefined
  }
  const next = text.charCodeAt(at + 1) | 32
  if (next >= 48 && next <= 57) {
    const close = text.slice(at + 1, at + 1 + MAX_CONTROL_NAME).indexOf('>')
    const isMask = close > 0 && DISPLAYED.test(text.slice(at + 1, at + 1 + close))
    return isMask ? { kind: 'display', end: at + close + 2 } : undefined
  }
  if (next !== 47 && (next < 97 || next > 122)) return undefined
  const close = text.slice(at + 1, at + 24).indexOf('>')
  if (close > 0) {
    const inside = text.slice(at + 1, at + 1 + close).toLowerCase()
    const name = inside.replace(/^\//, '').replace(/[ /]+$/, '')
    if (TAGS.has(name) || NUMBERED.test(name)) return { kind: 'tag', end: at + close + 2 }
  }
  const piece = readGetokPiece(text, at)
  return piece === undefined ? undefined : { kind: 'getok', end: piece.end }
}

function squareWord(text: string, at: number): { kind: SanitiseKind; end: number } | undefined {
  const close = text.slice(at + 1, at + 24).indexOf(']')
  if (close > 0) {
    const name = text.slice(at + 1, at + 1 + close).replace(/^\//, '')
    if (BRACKETS.has(name)) return { kind: 'bracket', end: at + close + 2 }
  }
  const piece = readGetokPiece(text, at)
  return piece === undefined ? undefined : { kind: 'getok', end: piece.end }
}

function isNameCharacter(unit: number): boolean {
  return unit > 32 && unit !== 60 && unit !== 62 && unit !== 124
}

/** Look-alikes for brackets; names that readers of mask words look for have a mark behind them. */
function escapedWord(token: string): string {
  const escaped = token
    .replace(/[<>[\]]/g, (bracket) => BRACKETS_OUT.get(bracket)!)
    .replace(NAMES, (name) => name + BREAKER)
  return escaped === token ? brokenWord(token) : escaped
}

/** The names of mask words, well spelled or not, before what makes them words. */
const NAMES = /(?<![a-z0-9])(?:mt|g[rid]{1,4}d{1,3}|OFF(?:SET)?)(?![a-z\u00b7])/gi

/** Where readers would tell a misspelt word: in order. */
function misspeltPlaces(text: string): { start: number; end: number }[] {
  const places = [...misspeltWords(text, Infinity), ...misspeltGetokWords(text, Infinity)]
  for (let at = text.indexOf(MASK_WORD_HEAD); at !== -1; at = text.indexOf(MASK_WORD_HEAD, at + 1))
    places.push({ start: at, end: at + MASK_WORD_HEAD.length })
  return places.sort((a, b) => a.start - b.start || b.end - a.end)
}

function brokenWord(token: string): string {
  let broken = ''
  for (const character of token) broken += BRACKETS_OUT.get(character) ?? character + BREAKER
  return broken
}

function listedTokens(tokens: Iterable<string>): Map<string, string[]> {
  const byFirst = new Map<string, string[]>()
  for (const token of tokens) {
    const view = folded(token).text
    if (view.length === 1) continue
    if (view === '' || /[\u2039\u203a\u27e6\u27e7\u00b7]/.test(view)) {
      throw new WordsError(
        'malformed',
        `listed token ${JSON.stringify(token)} is empty or holds an escape character`,
      )
    }
    const list = byFirst.get(view[0]!)
    if (list === undefined) byFirst.set(view[0]!, [view])
    else list.push(view)
  }
  for (const list of byFirst.values()) list.sort((a, b) => b.length - a.length)
  return byFirst
}

type FoldedView = { text: string; place(index: number, end?: boolean): number }

const asWritten = (text: string): FoldedView => ({
  text,
  place: (index, end = false) => (end ? index + 1 : index),
})

/** The text as the most lenient normaliser would see it, with the way back to original places. */
function folded(text: string): FoldedView {
  if (isPlain(text)) return asWritten(text)
  const pieces: string[] = []
  let starts = new Uint32Array(text.length)
  let ends = new Uint32Array(text.length)
  let length = 0
  let run = 0
  const takeRun = (end: number) => {
    if (end === run) return
    pieces.push(text.slice(run, end))
    for (let k = run; k < end; k++) {
      starts[length] = k
      ends[length++] = k + 1
    }
  }
  for (let at = 0; at < text.length; ) {
    const point = text.codePointAt(at)!
    if (isPlainUnit(point)) {
      at++
      continue
    }
    takeRun(at)
    const next = at + (point > 0xffff ? 2 : 1)
    const piece = isInvisible(point) ? '' : point === 0x2581 ? '_' : text.slice(at, next).normalize('NFKC')
    if (piece !== '') {
      pieces.push(piece)
      const room = length + piece.length + (text.length - next)
      if (room > starts.length) {
        starts = grown(starts, room)
        ends = grown(ends, room)
      }
      for (let k = 0; k < piece.length; k++) {
        starts[length] = at
        ends[length++] = next
      }
    }
    at = run = next
  }
  takeRun(text.length)
  return { text: pieces.join(''), place: (index, end = false) => (end ? ends : starts)[index]! }
}

function grown(places: Uint32Array<ArrayBuffer>, least: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(Math.max(least, places.length * 2))
  larger.set(places)
  return larger
}

function isPlain(text: string): boolean {
  for (let k = 0; k < text.length; k++) if (!isPlainUnit(text.charCodeAt(k))) return false
  return true
}

/** Printable ASCII, tab and line breaks: what no normaliser touches. */
function isPlainUnit(unit: number): boolean {
  return (unit >= 32 && unit <= 126) || unit === 10 || unit === 9 || unit === 13
}

/** Control characters and default-ignorable code points, which cleaning tokenizers drop. */
function isInvisible(point: number): boolean {
  if (point < 0xad)
    return (point < 32 && point !== 9 && point !== 10 && point !== 13) || (point >= 127 && point < 160)
  return (
    point === 0xad ||
    point === 0x34f ||
    point === 0x61c ||
    (point >= 0x115f && point <= 0x1160) ||
    (point >= 0x17b4 && point <= 0x17b5) ||
    (point >= 0x180b && point <= 0x180f) ||
    (point >= 0x200b && point <= 0x200f) ||
    (point >= 0x202a && point <= 0x202e) ||
    (point >= 0x2060 && point <= 0x206f) ||
    point === 0x3164 ||
    (point >= 0xfe00 && point <= 0xfe0f) ||
    point === 0xfeff ||
    point === 0xffa0 ||
    (point >= 0xfff0 && point <= 0xfffb) ||
    (point >= 0xe0000 && point <= 0xe0fff)
  )
}
