// Rewards on the text around masks (SAMTok and CycleGRPO, released reward functions): form, repetition, no target.

import { isDigit, isSpace, skipSpace } from './characters.ts'
import { saysGetokWords } from './getok-word.ts'
import { saidBoxes } from './said-boxes.ts'
import { saidMasks } from './said-masks.ts'
import { NO_TARGET } from './think-answer.ts'

/** Most often that one sequence of three words may occur. */
export const MAX_TRIGRAM_REPEATS = 2

/**
 * 1 if the whole text is `<think>...</think>`, white space, `<answer>...</answer>`, else 0. A trailing end-of-turn word
 * breaks it, as in the released code: decode without special tokens or strip it first.
 */
export function formatReward(text: string | null): number {
  if (text === null || !text.startsWith('<think>') || !text.endsWith('</answer>')) return 0
  const last = text.length - '</answer>'.length
  for (
    let at = text.indexOf('</think>', '<think>'.length);
    at !== -1;
    at = text.indexOf('</think>', at + 1)
  ) {
    const next = skipSpace(text, at + '</think>'.length)
    if (next + '<answer>'.length > last) return 0
    if (text.startsWith('<answer>', next)) return 1
  }
  return 0
}

/**
 * 0 if any sequence of three words occurs more than twice, else 1; fewer than three words: 1. Letters are lower-cased,
 * ASCII punctuation counts as white space.
 */
export function trigramReward(text: string): number {
  const words = text
    .toLowerCase()
    .replace(/[!-/:-@[-`{-~]/g, ' ')
    .split(/\s+/)
    .filter((word) => word !== '')
  const counts = new Map<string, number>()
  for (let k = 0; k + 2 < words.length; k++) {
    const key = `${words[k]} ${words[k + 1]} ${words[k + 2]}`
    const count = (counts.get(key) ?? 0) + 1
    if (count > MAX_TRIGRAM_REPEATS) return 0
    counts.set(key, count)
  }
  return 1
}

export type NoTargetOptions = {
  /** The sentence that has to be there. Default `No target.` */
  truth?: string
  /** What must not be there: a box in numbers (default, what the released reward looks for) or mask words, whole or not. */
  forbid?: 'box' | 'mask'
}

/** 1: nothing forbidden and the sentence is there. 0.2: nothing forbidden, sentence missing. 0: otherwise, or null. */
export function noTargetReward(text: string | null, options: NoTargetOptions = {}): number {
  const { truth = NO_TARGET, forbid = 'box' } = options
  if (text === null) return 0
  const isForbidden =
    forbid === 'box'
      ? hasBox(text) || saidBoxes(text).boxes.length > 0
      : saysMaskWords(text) || saysGetokWords(text)
  if (isForbidden) return 0
  return text.includes(truth) ? 1 : 0.2
}

/** Whether the text has mask words of SAMTok or HiMTok, in whole masks or not. */
export function saysMaskWords(text: string): boolean {
  const { masks, unread } = saidMasks(text)
  return masks.length + unread.length > 0
}

/** 1 if the caption has no `[int, int, int, int]` and no CJK ideograph (U+4E00..U+9FFF), else 0. */
export function cleanCaptionReward(text: string): number {
  if (hasBox(text)) return 0
  for (let k = 0; k < text.length; k++) {
    const unit = text.charCodeAt(k)
    if (unit >= 0x4e00 && unit <= 0x9fff) return 0
  }
  return 1
}

/** Whether the text holds four whole numbers in square brackets, white space allowed. */
export function hasBox(text: string): boolean {
  for (let open = text.indexOf('['); open !== -1; open = text.indexOf('[', open + 1)) {
    let at = open + 1
    let numbers = 0
    for (;;) {
      at = skipSpace(text, at)
      if (text[at] === '-') at++
      const digits = at
      while (at < text.length && isDigit(text.charCodeAt(at))) at++
      if (at === digits) break
      numbers++
      while (at < text.length && isSpace(text.charCodeAt(at))) at++
      if (numbers === 4) {
        if (text[at] === ']') return true
        break
      }
      if (text[at] !== ',') break
      at++
    }
  }
  return false
}
