// VideoRefer-Bench-D (arXiv 2501.00599): a judge compares a description with the true one and gives points from 0 to 5 for four things.
// Definition of the score: DAMO-NLP-SG/VideoRefer, videorefer/eval/videorefer_bench_d (1.eval_gpt, 2.extract_re.py, 3.analyze_score.py) and the four
// definitions in its benchmark/README.md. The words of the system message are our own; `--judge-prompt` takes the published system.txt.
import type { EvalMode, Metric } from '@maskwords/eval'
import { saidAnswer } from '@maskwords/words'
import type { JudgeSampling } from './request.ts'
import type { JudgePrompt, Places } from './template.ts'

const ASPECTS = [
  {
    column: 'subjectCorrespondence',
    name: 'Subject Correspondence',
    what: 'is the thing that is described the one of the correct answer?',
  },
  {
    column: 'appearanceDescription',
    name: 'Appearance Description',
    what: 'are colour, shape, texture and other visible features right?',
  },
  {
    column: 'temporalDescription',
    name: 'Temporal Description',
    what: 'does what is said of its motion agree with how it moves?',
  },
  {
    column: 'hallucinationDetection',
    name: 'Hallucination Detection',
    what: 'is nothing made up? Facts, acts and things that are not in the correct answer, and wrong conclusions, cost points.',
  },
] as const

type Column = (typeof ASPECTS)[number]['column']

/** Points from 0 to 5 for each thing. */
export type VideoReferPoints = Readonly<Partial<Record<Column, number>>>

export const VIDEOREFER_PLACES = { reference: ['caption'], answer: ['pred'] } as const satisfies Places

export const VIDEOREFER_PROMPT: JudgePrompt = {
  system: `You compare a predicted description of one thing in a video with the correct one. Give points from 0 (worst) to 5 (best) for each of these, decimals allowed:
${ASPECTS.map(({ name, what }, k) => `${k + 1}. ${name}: ${what}`).join('\n')}
Reply with four lines and nothing else, each with its number, its name, a colon, a blank and the points, as in
1. Subject Correspondence: <points>`,
  user: '##Correct answer: {reference}\n##Predicted answer: {answer}\n',
}

export const videoReferSampling = (mode: EvalMode): JudgeSampling =>
  mode === 'official' ? { temperature: 0.7, topP: 0.95, maxTokens: 800 } : { temperature: 0, maxTokens: 800 }

const MOST = 5

/**
 * Reads a reply; undefined where it cannot be read. Correct: all four things by their names, with points from 0 to 5, whatever marks stand
 * around them. Official: numbered lines as the published script finds them, things that are not among them missing.
 */
export function readVideoReferReply(reply: string, mode: EvalMode): VideoReferPoints | undefined {
  return mode === 'official' ? officialPoints(reply) : soundPoints(saidAnswer(reply))
}

function officialPoints(reply: string): VideoReferPoints | undefined {
  const points: Partial<Record<Column, number>> = {}
  for (const [, name, text] of reply.matchAll(/\d+\.\s+(.*?):\s+([\d.]+)/g)) {
    // The script leaves out the whole reply then.
    if (!/^(?:\d+\.?\d*|\.\d+)$/.test(text!)) return undefined
    const aspect = ASPECTS.find((one) => one.name === name)
    if (aspect !== undefined) points[aspect.column] = Number(text)
  }
  return points
}

function soundPoints(reply: string): VideoReferPoints | undefined {
  const points: Partial<Record<Column, number>> = {}
  for (const { column, name } of ASPECTS) {
    const pattern = new RegExp(
      `${name.replace(' ', '[ _-]?')}["'*_\`)\\s]{0,8}[:=][\\s"'*_\`]{0,8}(-?\\d{1,6}(?:\\.\\d{1,6})?)(?!\\.?\\d|\\w|\\s?%|\\s{0,2}(?:/|of|out of)\\s{0,2}(?!5(?![\\d.])))`,
      'gi',
    )
    const found = new Set([...reply.matchAll(pattern)].map(([, text]) => Number(text)))
    const [value] = found
    // Two values for one thing are none.
    if (value === undefined || found.size > 1 || value < 0 || value > MOST) return undefined
    points[column] = value
  }
  return points
}

/** Values of a sample. Without points that can be read: 0 for each thing; official: the sample counts for nothing. */
export function scoreVideoRefer(
  points: VideoReferPoints | undefined,
  mode: EvalMode,
): Record<string, number> {
  const values: Record<string, number> = {}
  for (const { column } of ASPECTS) {
    const value = points?.[column] ?? (mode === 'official' ? undefined : 0)
    if (value === undefined) continue
    values[column] = value
    values[`${column}Count`] = 1
  }
  return values
}

export function videoReferMetrics(): Metric[] {
  const ratio = (column: string) => ({ numerator: column, denominator: `${column}Count` })
  return [
    ...ASPECTS.map(({ column, name }) => ({
      name: column,
      title: `${name}, points from 0 to 5`,
      parts: [ratio(column)],
      isShare: false as const,
    })),
    {
      name: 'average',
      title: 'mean of the four',
      parts: ASPECTS.map(({ column }) => ratio(column)),
      isShare: false,
    },
  ]
}
