// Answer-matching rewards on mask words (SAMTok, reinforcement learning): text against text, no pixels. The paper counts
// exact matches; the released code also gives 0.4 where only the first code agrees.

import { isBlank, trimRange } from './characters.ts'
import { OBJECT_REF_END, OBJECT_REF_START } from './grounded-caption.ts'
import { parseSceneGraph } from './json-answer.ts'
import {
  countedMasks,
  type SaidMask,
  saidMasks,
  saysNothing,
  trueMasks,
  unreadableTruth,
} from './said-masks.ts'
import { samtokVocabulary } from './vocabulary.ts'

/** Both codes equal / equal but written apart / first code equal. */
export const SCORE_EXACT = 1
export const SCORE_TAIL_DIFFERS = 0.8
export const SCORE_FIRST_CODE = 0.4

/** Most often that one mask may be repeated. */
export const MAX_MASK_REPEATS = 3

export type MaskAccuracyOptions = {
  /**
   * `released` (default): sum over distinct predicted masks of the best score against the truth (1, 0.4 for the first
   * code alone), not one to one. `paper`: matched pairs of equal masks, one to one. Both divided by the larger count.
   */
  grading?: 'released' | 'paper'
}

/**
 * Mask token accuracy, 0..1 (two predictions may claim one target in `released` grading, but the denominator keeps the
 * value at 1 or less). Whole masks count, blanks between their words and padding do not matter (`countedMasks`). No masks on
 * either side: 1. `answer` null: 0. Throws WordsError `unreadable` for a truth that is not empty and names no mask.
 */
export function maskTokenAccuracy(
  answer: string | null,
  truth: string,
  options: MaskAccuracyOptions = {},
): number {
  const target = trueMasks(truth)
  if (answer === null) return 0
  const { masks, unread } = saidMasks(answer)
  // Words that no one can read are not the answer that nothing is there.
  if (target.length === 0) return masks.length + unread.length === 0 ? 1 : 0
  return accuracy(countedMasks(masks, target).map(keyed), target.map(keyed), options, 1)
}

/** A phrase with a mask, as the published pattern for grounded captions finds it. */
export type CaptionItem = {
  readonly phrase: string
  readonly mask: SaidMask
  /** From `<|object_ref_end|>` to the end of the mask, without blanks inside it: what the released reward compares. */
  readonly compared: string
}

/** `<|object_ref_start|> phrase <|object_ref_end|> mask` with nothing but white space before the mask. */
export function captionItems(text: string, truth: readonly SaidMask[] = []): CaptionItem[] {
  const byStart = new Map(countedMasks(saidMasks(text).masks, truth).map((mask) => [mask.start, mask]))
  const items: CaptionItem[] = []
  for (let at = text.indexOf(OBJECT_REF_START); at !== -1; ) {
    const inside = at + OBJECT_REF_START.length
    const next = text.indexOf(OBJECT_REF_START, inside)
    const piece = text.slice(inside, next === -1 ? text.length : next)
    const close = piece.indexOf(OBJECT_REF_END)
    if (close !== -1) {
      let place = inside + close + OBJECT_REF_END.length
      while (place < text.length && isBlank(text.charCodeAt(place))) place++
      const mask = byStart.get(place)
      if (mask !== undefined) {
        const phrase = trimRange(text, inside, inside + close)
        items.push({
          phrase: text.slice(phrase.start, phrase.end),
          mask,
          compared: text.slice(inside + close, mask.start) + mask.key,
        })
      }
    }
    at = next
  }
  return items
}

export type CaptionAccuracyOptions = {
  /** `items` (default): masks behind phrases, compared from `<|object_ref_end|>` on. `masks`: all masks of the text. */
  compare?: 'items' | 'masks'
  /** Value when neither side has an item; the released code divides by zero there. Default 1. */
  emptyValue?: number
}

/**
 * The grounded-caption variant of mask token accuracy, released grading: equal from `<|object_ref_end|>` on 1, equal
 * codes with other white space before them 0.8, first code alone 0.4. `answer` null: 0. Throws WordsError `unreadable` for a
 * truth that is not empty and has nothing to compare.
 */
export function captionMaskAccuracy(
  answer: string | null,
  truth: string,
  options: CaptionAccuracyOptions = {},
): number {
  const { compare = 'items', emptyValue = 1 } = options
  const { masks } = saidMasks(truth)
  const list = (text: string): Keyed[] =>
    compare === 'masks'
      ? countedMasks(saidMasks(text).masks, masks).map(keyed)
      : captionItems(text, masks).map(({ mask, compared }) => ({ ...keyed(mask), text: compared }))
  const target = list(truth)
  checkCaptionTruth(truth, target.length)
  if (answer === null) return 0
  // A mask behind no phrase, or of another length, is not the answer that nothing is there.
  if (target.length === 0 && list(answer).length === 0 && saysMasks(answer)) return 0
  return accuracy(list(answer), target, {}, emptyValue)
}

/** Whether a text has mask words, in whole masks or not. */
function saysMasks(text: string): boolean {
  const { masks, unread } = saidMasks(text)
  return masks.length + unread.length > 0
}

/** Throws WordsError `unreadable` where a truth that is not empty has nothing to compare, or mask words in no whole mask. */
function checkCaptionTruth(truth: string, found: number): void {
  const [lost] = saidMasks(truth).unread
  if (lost !== undefined) throw unreadableTruth(truth.slice(lost.start, lost.start + 60), 'a whole mask')
  if (found === 0 && !saysNothing(truth)) throw unreadableTruth(truth, 'a phrase with a mask behind it')
}

/**
 * Share of distinct predicted phrases that are among the true ones, over the larger count; phrases are lower-cased and
 * stripped word by word. A truth that says nothing: 1, as in the released code. `answer` null: 0. Throws WordsError `unreadable` as the accuracy does.
 */
export function phraseReward(answer: string | null, truth: string): number {
  const target = captionItems(truth, saidMasks(truth).masks).map((item) => normalisedPhrase(item.phrase))
  checkCaptionTruth(truth, target.length)
  if (answer === null) return 0
  if (target.length === 0) return 1
  const predicted = captionItems(answer, saidMasks(truth).masks).map((item) => normalisedPhrase(item.phrase))
  const known = new Set(target)
  let hits = 0
  for (const phrase of new Set(predicted)) if (known.has(phrase)) hits++
  return hits / Math.max(predicted.length, target.length)
}

/**
 * Scene graph reward: every distinct predicted triple scores its best true triple: 1 for the same text; 0.5 + 0.25 s(subject)
 * + 0.25 s(object) for the same labels and predicate, with s as in mask accuracy; else 0. Divided by the larger count.
 * `emptyValue` (1) where neither side has a triple. `answer` null: 0. Throws WordsError `unreadable` for a truth that is not
 * empty and has a triple that cannot be read, or none.
 */
export function sceneGraphReward(
  answer: string | null,
  truth: string,
  options: { emptyValue?: number } = {},
): number {
  const { emptyValue = 1 } = options
  const { triples: target, lost } = triplesOf(truth)
  if (lost > 0 || (target.length === 0 && !saysNothing(truth))) {
    throw unreadableTruth(truth, 'triples of subject, predicate and object')
  }
  if (answer === null) return 0
  const said = triplesOf(answer)
  const predicted = said.triples
  if (predicted.length + target.length === 0 && (said.lost > 0 || saysMasks(answer))) return 0
  const count = Math.max(predicted.length, target.length)
  if (count === 0) return emptyValue
  const byLabels = new Map<string, Triple[]>()
  for (const triple of target) {
    const list = byLabels.get(triple.labels)
    if (list === undefined) byLabels.set(triple.labels, [triple])
    else list.push(triple)
  }
  let sum = 0
  for (const triple of new Map(predicted.map((t) => [t.text, t])).values()) {
    let best = 0
    for (const other of byLabels.get(triple.labels) ?? []) {
      const score =
        triple.text === other.text
          ? 1
          : 0.5 +
            0.25 * maskScore(triple.subject, other.subject) +
            0.25 * maskScore(triple.object, other.object)
      best = Math.max(best, score)
    }
    sum += best
  }
  return sum / count
}

/** 1 if the text has at least one whole mask, else 0. */
export function maskFormatReward(answer: string | null): number {
  return answer !== null && countedMasks(saidMasks(answer).masks).length > 0 ? 1 : 0
}

/** 0 if one mask occurs more than three times, or the text is null; else 1. */
export function nonRepeatReward(text: string | null): number {
  if (text === null) return 0
  const counts = new Map<string, number>()
  for (const { key } of countedMasks(saidMasks(text).masks)) {
    const count = (counts.get(key) ?? 0) + 1
    if (count > MAX_MASK_REPEATS) return 0
    counts.set(key, count)
  }
  return 1
}

type Keyed = { text: string; codes: string; first: number }

function keyed({ key, ids }: SaidMask): Keyed {
  return { text: key, codes: key, first: ids[0]! }
}

function accuracy(
  predicted: Keyed[],
  target: Keyed[],
  { grading = 'released' }: MaskAccuracyOptions,
  emptyValue: number,
): number {
  const count = Math.max(predicted.length, target.length)
  if (count === 0) return emptyValue
  if (grading === 'paper') {
    const left = new Map<string, number>()
    for (const { text } of target) left.set(text, (left.get(text) ?? 0) + 1)
    let matched = 0
    for (const { text } of predicted) {
      const free = left.get(text) ?? 0
      if (free > 0) {
        matched++
        left.set(text, free - 1)
      }
    }
    return matched / count
  }
  const texts = new Set(target.map((item) => item.text))
  const codes = new Set(target.map((item) => item.codes))
  const firsts = new Set(target.map((item) => item.first))
  let sum = 0
  for (const item of new Map(predicted.map((p) => [p.text, p])).values()) {
    if (texts.has(item.text)) sum += SCORE_EXACT
    else if (codes.has(item.codes)) sum += SCORE_TAIL_DIFFERS
    else if (firsts.has(item.first)) sum += SCORE_FIRST_CODE
  }
  return sum / count
}

function normalisedPhrase(phrase: string): string {
  return phrase
    .split(' ')
    .map((word) => word.trim().toLowerCase())
    .join(' ')
}

type Triple = { text: string; labels: string; subject: string; object: string }

const PLAIN = samtokVocabulary()

/** Triples whose five parts are texts, and how many others there are. */
function triplesOf(text: string): { triples: Triple[]; lost: number } {
  const triples: Triple[] = []
  const found = parseSceneGraph(text, PLAIN, [])?.triples ?? []
  for (const { subject, predicate, object, problems, start, end } of found) {
    const [from, to] = [subject.label, object.label]
    if (from === undefined || to === undefined || predicate === undefined || problems.length > 0) continue
    if (subject.said === undefined || object.said === undefined) continue
    triples.push({
      text: text.slice(start, end),
      labels: `${from.text}#${predicate.text}#${to.text}`,
      subject: subject.said.text,
      object: object.said.text,
    })
  }
  return { triples, lost: found.length - triples.length }
}

function maskScore(predicted: string, target: string): number {
  const squeezed = (text: string) => text.replace(/\s+/g, '')
  if (squeezed(predicted) === squeezed(target)) return SCORE_EXACT
  const [t] = saidMasks(target).masks
  const [p] = t === undefined ? [] : countedMasks(saidMasks(predicted).masks, [t])
  if (p === undefined || t === undefined || p.ids[0] !== t.ids[0]) return 0
  return p.key === t.key ? SCORE_TAIL_DIFFERS : SCORE_FIRST_CODE
}
