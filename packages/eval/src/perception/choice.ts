// Mask perception: a question about a mask with several answers to choose from. Rules of reading a letter out of an answer:
// the scorers of HiMTok (ICCV 2025) and of GAR-VQA as SAMTok runs it (arXiv 2601.16093).
import { type AnswerOptions, answerParts, saidAnswer } from '@maskwords/words'
import type { ScoredValues } from '../referring/segmentation.ts'
import type { EvalMode } from '../stamp.ts'
import type { Metric } from '../statistics/metric.ts'

/** Answers longer than this are read up to here: a letter stands at the beginning. */
const MAX_ANSWER_LENGTH = 4096

/** The letters that HiMTok's scorer finds, and those that it lets stand. */
const OFFICIAL_FOUND = 'ABCDE'
const OFFICIAL_VALID = 'ABCD'

/**
 * The letter that HiMTok's scorer reads: `X.` at the beginning with X from A to E, else the first word that is such a
 * letter once punctuation is gone; anything that is not A to D counts as "A".
 */
export function officialChoice(answer: string): string {
  const text = answer.slice(0, MAX_ANSWER_LENGTH).trim()
  const first = text[0] ?? ''
  const found = text[1] === '.' && OFFICIAL_FOUND.includes(first) && first !== '' ? first : singleLetter(text)
  return found !== undefined && OFFICIAL_VALID.includes(found) ? found : 'A'
}

function singleLetter(text: string): string | undefined {
  for (const word of text.split(/\s+/)) {
    const bare = word.replace(/[^\p{L}\p{N}]/gu, '')
    if (bare.length === 1 && OFFICIAL_FOUND.includes(bare)) return bare
  }
  return undefined
}

/**
 * The index of the option that an answer names, or undefined where it names none or several: its letter alone, with a
 * bracket, full stop or colon (`B`, `(b)`, `B. a dog`, `Answer: B`, `\\boxed{B}`), or the option's text. Thoughts, turn ends and padding
 * are no part of an answer, as everywhere.
 */
export function readChoice(
  answer: string,
  options: readonly string[],
  rules: AnswerOptions = {},
): number | undefined {
  const said = bare(saidAnswer(answer, answerParts(answer, rules)).slice(0, MAX_ANSWER_LENGTH))
  // A letter alone on the first line is the answer, whatever explains it below.
  const first = /^([a-z])\s*\n/i.exec(said)?.[1]
  // One blank at most between words: the pattern below would try every way to share out a long gap.
  const text = first ?? said.replace(/\s+/g, ' ').trim()
  const plain = (value: string) =>
    value
      .toLowerCase()
      .replace(/\s+/g, ' ')
      .replace(/^[ "'`]{1,8}/, '')
      .replace(/[. "'`]{1,8}$/, '')
  const byText = options.flatMap((option, k) =>
    plain(option) === plain(text) && plain(text) !== '' ? [k] : [],
  )
  if (byText.length === 1) return byText[0]
  const match =
    /^(?:the\s+)?(?:correct\s+|final\s+)?(?:answer|option|\u7b54\u6848)?\s*(?:is|\u662f|\u4e3a)?\s*:?\s*[("'*]*([a-z])(?:[)"'*.:,]|\s*$)/i.exec(
      text,
    )
  const index = match === null ? -1 : match[1]!.toUpperCase().charCodeAt(0) - 65
  return index >= 0 && index < options.length ? index : undefined
}

/** A question with several answers: the one chosen, the right one. */
/** What stands around a letter: boxes of LaTeX and of GLM, dollars, brackets, an object of JSON; full-width letters are letters. */
const FRAMES = [
  /^\\boxed\s{0,4}\{([^{}]*)\}\.?$/,
  /^<\|begin_of_box\|>([^<>]*)<\|end_of_box\|>$/,
  /^\$+([^$]*)\$+$/,
  /^\[([^[\]]*)\]$/,
  /^\{\s{0,8}"(?:answer|choice|option)"\s{0,8}:\s{0,8}"([^"]*)"\s{0,8}\}$/i,
]

function bare(answer: string): string {
  let text = answer.normalize('NFKC').trim()
  for (let k = 0; k < FRAMES.length; k++) {
    const inside = FRAMES.map((frame) => frame.exec(text)?.[1]).find((one) => one !== undefined)
    if (inside === undefined) break
    text = inside.trim()
  }
  return text
}

/** A question with several answers to choose from, and what was answered. */
export type ChoiceSample = {
  /** The text of the answer; undefined where there is none. */
  readonly prediction: string | undefined
  readonly options: readonly string[]
  /** Index of the right option. */
  readonly right: number
}

/** One question. Correct: an answer that names no option is wrong. Official: it counts as "A". */
export function scoreChoice(
  sample: ChoiceSample,
  rules: AnswerOptions & { readonly mode: EvalMode },
): ScoredValues {
  const { prediction, options, right } = sample
  if (prediction === undefined) {
    return rules.mode === 'official'
      ? { values: {}, status: 'missing' }
      : { values: { questions: 1, right: 0, unreadable: 0, answered: 0 }, status: 'missing' }
  }
  const chosen = readChoice(prediction, options, rules)
  const said = saidAnswer(prediction, answerParts(prediction, rules))
  const index = rules.mode === 'official' ? officialChoice(said).charCodeAt(0) - 65 : chosen
  return {
    values: {
      questions: 1,
      right: index === right ? 1 : 0,
      answered: 1,
      unreadable: chosen === undefined ? 1 : 0,
    },
    status: 'scored',
  }
}

/** The share of right choices. */
export function choiceMetrics(): Metric[] {
  return [
    {
      name: 'accuracy',
      title: 'share of questions answered right',
      parts: [{ numerator: 'right', denominator: 'questions' }],
    },
    {
      name: 'unreadable',
      title: 'share of answers that name no option',
      parts: [{ numerator: 'unreadable', denominator: 'answered' }],
      lowerIsBetter: true,
    },
  ]
}
