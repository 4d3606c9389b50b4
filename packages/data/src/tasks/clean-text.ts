// Text of datasets made fit for training text: it may not forge mask words, picture places or words of chat templates,
// alone or joined with its neighbours. Definition: ours, on top of sanitiseText of @maskwords/words.
import { sanitiseText } from '@maskwords/words'

/** Characters of one text that are kept. The longest captions published (GranD, DenseWorld) have about 6,000. */
export const MAX_TEXT_LENGTH = 20_000

const LOOK_ALIKE: Readonly<Record<string, string>> = {
  '<': '\u2039',
  '>': '\u203a',
  '[': '\u27e6',
  ']': '\u27e7',
  ':': '\ua789',
}

/** A bracket, in any form that a normaliser folds to one, that begins a word which the end of the text cuts off. */
const OPEN_END = /[<[\uff1c\ufe64\uff3b\ufe47](?![\s\d=.,-])[^<>[\]\uff1c\uff1e\uff3b\uff3d]{0,80}$/

/** Half of a mask word without its bracket, at the end and at the beginning of a text: `mt_`, `_0001`, `grid_`, `_1_2`. */
const HALF_END = /(?<![a-z0-9])(mt|grid|gird|off)(?=[\\\s]{0,2}_\s{0,2}[\\{]?\s*$)/i
const HALF_START = /^(?=[\\\s]{0,2}_\s{0,2}(?:\{?[\d+\-\u2212]|start|end))/i

/** Escaping the end may bare another open word before it. Honest texts need one pass. */
const MAX_PASSES = 8

/**
 * A stretch of running text: control words escaped, control characters gone, lone surrogates replaced, fences of three
 * backticks broken up, line breaks and blanks at the ends kept. An open bracket near the end is escaped as well, so that no
 * text that follows can complete a word. Cut at MAX_TEXT_LENGTH.
 */
export function cleanStretch(text: string): string {
  return harmless(soundText(text))
}

/** `cleanStretch` with one blank for every run of white space. */
export function cleanLine(text: string): string {
  return harmless(soundText(text).replace(/\s+/g, ' '))
}

function soundText(text: string): string {
  return text
    .slice(0, MAX_TEXT_LENGTH)
    .replace(/\r\n?|[\u2028\u2029]/g, '\n')
    .replace(/\p{Surrogate}/gu, '\ufffd')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .replace(/`{3,}/g, (fence) => "'".repeat(fence.length))
}

function harmless(text: string): string {
  let clean = text.replace(HALF_END, '$1\u00b7').replace(HALF_START, '\u00b7')
  for (let pass = 0; pass < MAX_PASSES; pass++) {
    const next = sanitiseText(clean.replace(OPEN_END, lookAlikes)).text
    if (next === clean) break
    clean = next
  }
  return clean
}

/** A text of its own: a stretch without blanks at its ends. */
export function cleanText(text: string): string {
  return cleanStretch(text).trim()
}

/** A phrase or label of one line, without `<` and `>` (readers of captions strip what is between them); '' for a blank one. */
export function cleanPhrase(text: string): string {
  return cleanLine(text).trim().replace(/[<>]/g, lookAlikes)
}

/** A label of a GETok line: a phrase without square brackets and colons, which the line's grammar uses. */
export function cleanLabel(text: string): string {
  return cleanPhrase(text).replace(/[[\]:]/g, lookAlikes)
}

/** A phrase as the object of a request: without the full stop and capital that a whole sentence has. */
export function requestPhrase(text: string): string {
  return cleanPhrase(text).replace(/[\s.]+$/, '')
}

function lookAlikes(text: string): string {
  return text.replace(
    /[<>[\]:\uff1c\ufe64\uff3b\ufe47]/g,
    (character) => LOOK_ALIKE[character.normalize('NFKC')]!,
  )
}
