// MDVP-Bench (Draw-and-Understand, arXiv 2403.20271): a judge who sees the picture with its regions marked grades a reference answer and that of
// the model from 1 to 10. Definition of the score: AFeng-x/Draw-and-Understand, accessory/eval/MDVP-Bench (eval_gpt.py, rule.json), summed up as LLaVA's
// summarize_gpt_review.py does: mean grade of the model over mean grade of the reference. The repository states no licence: the words are our own.
import type { Pixels } from '@maskwords/codecs'
import type { EvalMode, Metric } from '@maskwords/eval'
import { drawMasks, drawText, type Mask, tightBox } from '@maskwords/mask'
import { saidAnswer } from '@maskwords/words'
import type { JudgeSampling } from './request.ts'
import type { JudgePrompt, Places } from './template.ts'

export const MDVP_PLACES = { context: [], question: [], reference: [], answer: [] } as const satisfies Places

export const MDVP_PROMPT: JudgePrompt = {
  system: 'You check the quality of answers, exactly and fairly.',
  user: `[Context]
{context}

[Question]
{question}

[Assistant 1]
{reference}
[End of Assistant 1]

[Assistant 2]
{answer}
[End of Assistant 2]

[Task]
The question is about the regions that are marked in the picture with green outlines and numbers. Grade both assistants from 1 (worst) to 10 (best): are they helpful, to the point, right, and detailed? Which of them stands first must not matter.
The first line of your reply has the two grades alone, that of Assistant 1 first, with a blank between them. Explain them from the second line on.`,
}

/** Published: 0.7, which gives other grades each time. */
export const mdvpSampling = (mode: EvalMode): JudgeSampling => ({
  temperature: mode === 'official' ? 0.7 : 0,
  maxTokens: 2048,
})

const CONTEXTS: readonly (readonly [RegExp, string])[] = [
  [/natural/i, 'The picture is a photo.'],
  [/ocr|text/i, 'The picture has text in it, and the question is about that text.'],
  [/screen|android|web|mobile/i, 'The picture is a screenshot of a phone or of a web page.'],
  [/panel|comic/i, 'The picture has several panels.'],
]

/** What kind of picture it is, by the name of the benchmark's part. */
export const mdvpContext = (part: string): string =>
  CONTEXTS.find(([pattern]) => pattern.test(part))?.[1] ?? 'The picture is shown below.'

const GREEN = [0, 255, 0] as const
/** The picture is dimmed to this share, so that the marks stand out. */
const DIMMED = 0.8

/** The picture with its regions outlined and numbered from 1. */
export function markedPicture(picture: Pixels, regions: readonly Mask[]): Pixels {
  const { widthPx, heightPx, rgb } = picture
  const bytes = Uint8Array.from(rgb, (value) => Math.round(value * DIMMED))
  let drawn = drawMasks(
    { widthPx, heightPx, channels: 3, bytes },
    regions.map((mask) => ({ mask, colour: GREEN, opacity: 0, contourPx: 2 })),
  )
  for (const [k, mask] of regions.entries()) {
    const { x, y, width } = tightBox(mask)
    if (width === 0) continue
    drawn = drawText(drawn, String(k + 1), { x: x + 4, y: y + 4, scale: 2, background: [0, 0, 0] })
  }
  return { widthPx, heightPx, rgb: drawn.bytes }
}

/** Grades of the reference and of the answer; undefined where the reply has none. */
export type MdvpGrades = readonly [reference: number, answer: number]

/**
 * Reads a reply. Correct: two numbers from 1 to 10 and nothing else on the first line that says something. Official: as the published
 * script, any two numbers with one blank between them on the first line.
 */
export function readMdvpReply(reply: string, mode: EvalMode): MdvpGrades | undefined {
  if (mode === 'official') {
    const parts = reply.split('\n')[0]!.replaceAll(',', ' ').split(' ')
    const numbers = parts.map((part) => (part.trim() === '' ? Number.NaN : Number(part)))
    return parts.length === 2 && numbers.every(Number.isFinite) ? [numbers[0]!, numbers[1]!] : undefined
  }
  const line = saidAnswer(reply)
    .split('\n')
    .find((one) => one.trim() !== '')
  const found = /^[\s*_`("[]*(\d{1,2}(?:\.\d{1,4})?)[\s,;*_`]+(\d{1,2}(?:\.\d{1,4})?)[\s*_`)"\].]*$/.exec(
    line ?? '',
  )
  if (found === null) return undefined
  const grades = [Number(found[1]), Number(found[2])] as const
  return grades.every((grade) => grade >= LEAST && grade <= MOST) ? grades : undefined
}

const LEAST = 1
const MOST = 10

/** Values of a sample. Without grades that can be read: the worst beside the best; official: -1 for both, as published. */
export function scoreMdvp(grades: MdvpGrades | undefined, mode: EvalMode): Record<string, number> {
  const [reference, answer] = grades ?? (mode === 'official' ? [-1, -1] : [MOST, LEAST])
  return { answer, reference, judged: 1 }
}

export function mdvpMetrics(): Metric[] {
  return [
    {
      name: 'relativeScore',
      title: 'grades of the answers over those of the references',
      parts: [{ numerator: 'answer', denominator: 'reference' }],
    },
    {
      name: 'meanGrade',
      title: 'mean grade of the answers, 1 to 10',
      parts: [{ numerator: 'answer', denominator: 'judged' }],
      isShare: false,
    },
    {
      name: 'referenceGrade',
      title: 'mean grade of the references, 1 to 10',
      parts: [{ numerator: 'reference', denominator: 'judged' }],
      isShare: false,
    },
  ]
}
