// DLC-Bench (Describe Anything, arXiv 2504.16072): a judge who does not see the picture answers multiple-choice questions by a description.
// Definition of the score: NVlabs/describe-anything, evaluation/eval_model_outputs.py (Apache-2.0). The questions are the dataset's; the words around
// them, and those of the question whether the thing was recognised, are our own: `--judge-prompt` and `--recognition` take the published ones.
import { type EvalMode, type Metric, readChoice } from '@maskwords/eval'
import { isPlural, withArticle } from './english-name.ts'
import type { JudgeSampling } from './request.ts'
import type { JudgePrompt, Places } from './template.ts'

/** A question with options, and what each is worth: points, or `correct` and `incorrect` where it is about recognition. */
export type DlcQuestion = {
  /** recognition, positive or negative. */
  readonly kind: string
  readonly text: string
  readonly options: readonly string[]
  readonly scores: readonly (number | string)[]
}

export const DLC_PLACES = {
  answer: ['pred_caption', 'description'],
  question: ['question_text_str'],
} as const satisfies Places

export const DLC_PROMPT: JudgePrompt = {
  user: `A text describes one thing in a picture that you do not see. Choose the option that agrees best with the text; it need not agree word for word.

Text:
{answer}

Question:
{question}

Reply with one of the options and nothing else: no reasons, no corrections, not the question.`,
}

export const DLC_SAMPLING: JudgeSampling = { temperature: 0, topP: 1, maxTokens: 300 }

/** Whether the thing was recognised: for one thing and for several; `{thing}` is its name, with an article where it is one. */
export const DLC_RECOGNITION: readonly [one: string, several: string] = [
  'Could the thing that the text describes be {thing}, or something of a similar kind? It need not match exactly.',
  'Could the things that the text describes be {thing}, or something of a similar kind? They need not match exactly.',
]

/** The questions about a region: whether it was recognised first, unless the dataset asks that itself. */
export function dlcQuestions(
  name: string | undefined,
  own: readonly DlcQuestion[],
  recognition: readonly [one: string, several: string] = DLC_RECOGNITION,
): DlcQuestion[] {
  const first = own.filter(({ kind }) => kind === 'recognition')
  const rest = own.filter(({ kind }) => kind !== 'recognition')
  if (first.length > 0 || name === undefined) return [...first, ...rest]
  const text = isPlural(name)
    ? recognition[1].replaceAll('{thing}', name)
    : recognition[0].replaceAll('{thing}', withArticle(name))
  return [{ kind: 'recognition', text, options: ['Yes', 'No'], scores: ['correct', 'incorrect'] }, ...rest]
}

/** Question and options as the judge sees them. */
export const dlcQuestionText = ({ text, options }: DlcQuestion): string =>
  [text, ...options.map((option, k) => `${LETTERS[k]}. ${option}`)].join('\n')

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** The option that a reply names; undefined where it names none. */
export const readDlcReply = (
  reply: string,
  options: readonly string[],
  mode: EvalMode,
): number | undefined => (mode === 'official' ? officialOption(reply, options) : readChoice(reply, options))

/**
 * As the published script reads a reply: the option or its letter; the only option that stands in it; a letter with a full stop before it;
 * of several options the one that stands last, of those at one place the longest; the longest option that the reply is a part of.
 */
function officialOption(reply: string, options: readonly string[]): number | undefined {
  const said = reply.trim().toLowerCase()
  const letters = 'abcde'
  const found: { index: number; at: number; length: number }[] = []
  for (const [index, option] of options.entries()) {
    const text = option.trim().toLowerCase()
    const letter = letters[index]
    if (said === text || (letter !== undefined && (said === letter || said === `${letter}. ${text}`)))
      return index
    const at = said.indexOf(text)
    if (at >= 0) found.push({ index, at, length: text.length })
  }
  if (found.length === 1) return found[0]!.index
  // Without a first letter the script stops with an error.
  if (said === '') return undefined
  const first = letters.indexOf(said[0]!)
  if (first >= 0 && said[1] === '.') return first < options.length ? first : undefined
  if (found.length > 0) {
    const last = Math.max(...found.map(({ at }) => at))
    return longest(found.filter(({ at }) => at === last))
  }
  const around = options.flatMap((option, index) => {
    const text = option.trim().toLowerCase()
    return text.includes(said) ? [{ index, length: text.length }] : []
  })
  if (around.length > 0) return longest(around)
  return first >= 0 && first < options.length && said[1] === '\n' ? first : undefined
}

/** The first of the longest. */
const longest = (found: readonly { readonly index: number; readonly length: number }[]): number =>
  found.reduce((best, one) => (one.length > best.length ? one : best)).index

/** Values of a region by the options that the judge chose; `undefined`: no verdict that can be read. */
export function scoreDlc(
  questions: readonly DlcQuestion[],
  chosen: readonly (number | undefined)[],
  mode: EvalMode,
): Record<string, number> {
  const worth = questions.map(({ scores }, k) => {
    const index = chosen[k]
    if (index !== undefined) return scores[index]
    // Published: as if the description did not mention it. Ours: what cannot be read is the worst that it may have been.
    const points = scores.filter((score) => typeof score === 'number')
    return mode === 'official' ? 0 : Math.min(0, ...points)
  })
  const recognised = questions.every(({ kind }, k) => kind !== 'recognition' || worth[k] === 'correct')
  const meanOf = (kind: string): number | undefined => {
    const points = questions.flatMap((question, k) => {
      const score = worth[k]
      if (question.kind !== kind || typeof score !== 'number') return []
      return [recognised ? score : Math.min(0, score)]
    })
    return points.length === 0 ? undefined : points.reduce((sum, one) => sum + one, 0) / points.length
  }
  const [positive, negative] = [meanOf('positive'), meanOf('negative')]
  return {
    regions: 1,
    recognised: recognised ? 1 : 0,
    ...(positive !== undefined && { positive, positives: 1 }),
    ...(negative !== undefined && { negative, negatives: 1 }),
  }
}

/** Values of a region without a description: nothing was recognised, and every question is answered as badly as can be. */
export const worstDlc = (questions: readonly DlcQuestion[]): Record<string, number> =>
  scoreDlc(
    questions,
    questions.map(() => undefined),
    'correct',
  )

export function dlcMetrics(): Metric[] {
  const positive = { numerator: 'positive', denominator: 'positives' }
  const negative = { numerator: 'negative', denominator: 'negatives' }
  return [
    { name: 'positive', title: 'what is there is described (mean over regions)', parts: [positive] },
    { name: 'negative', title: 'what is not there is not described', parts: [negative] },
    { name: 'average', title: 'mean of both', parts: [positive, negative] },
    {
      name: 'recognised',
      title: 'share of regions whose thing was recognised',
      parts: [{ numerator: 'recognised', denominator: 'regions' }],
    },
  ]
}
