// `maskwords eval dlc-bench`: detailed descriptions of regions, judged by questions (DLC-Bench).

import { MaskwordsError } from '@maskwords/files'
import {
  DLC_PLACES,
  DLC_PROMPT,
  DLC_RECOGNITION,
  DLC_SAMPLING,
  type DlcQuestion,
  dlcMetrics,
  dlcQuestions,
  dlcQuestionText,
  readDlcReply,
  scoreDlc,
  worstDlc,
} from '@maskwords/judging'
import { benchmarkCommand } from './benchmark-command.ts'
import { scoreJudged } from './judged/judging.ts'
import { always } from './loop/asking.ts'
import { REGION_PROMPTS, zoomBelow } from './loop/region-prompts.ts'
import type { TruthSample } from './truth.ts'

export const command = benchmarkCommand({
  name: 'dlc-bench',
  summary: 'Detailed descriptions of regions: a judge answers questions by them (DLC-Bench).',
  details: [
    'The judge sees the description alone and chooses an option of each question; a region whose thing it does not recognise',
    'gets no points. Published numbers are those of Llama-3.1-8B-Instruct with the published prompt (docs/evaluation.md).',
    'An answer is "text", of which words of masks and tags are left out, or "caption".',
  ],
  examples: [
    {
      command:
        'maskwords eval dlc-bench --root DLC-bench/ --model samtok-4b --judge http://127.0.0.1:9100/v1',
      note: 'asks a model, then the judge',
    },
    {
      command:
        'maskwords eval dlc-bench --root DLC-bench/ --predictions out.jsonl --judge http://127.0.0.1:9100/v1',
      note: 'judges answers that are there',
    },
  ],
  options: {
    recognition: {
      type: 'text',
      valueName: 'words',
      help: 'asks whether the thing was recognised in these words, {thing} is its name; for one thing and for several, parted by |',
    },
  },
  dataset: 'dlc-bench',
  kind: 'region-asks',
  asking: {
    prompts: REGION_PROMPTS,
    choose: zoomBelow(0.3),
    maxTokens: 1024,
    needsWords: always,
    pointsAt: 'masks',
  },
  settings: ({ recognition }) => ({
    ...(recognition !== undefined && { recognition: checked(recognition) }),
  }),
  judging: {
    prompt: DLC_PROMPT,
    places: DLC_PLACES,
    needed: ['answer', 'question'],
    sampling: () => DLC_SAMPLING,
    questions: (sample, said, { mode, settings }) =>
      questionsOf(sample, settings).map((question, k) => ({
        name: `${question.kind} ${k + 1}`,
        values: { answer: said, question: dlcQuestionText(question) },
        isReadable: (reply) => readDlcReply(reply, question.options, mode) !== undefined,
      })),
  },
  metrics: () => dlcMetrics(),
  score(sample, record, { mode, settings, verdictsOf }) {
    const questions = questionsOf(sample, settings)
    return scoreJudged({
      ...{ sample, record, mode, verdictsOf },
      worst: worstDlc(questions),
      read(replies) {
        const chosen = questions.map(({ options }, k) => {
          const reply = replies[k]
          return reply === undefined ? undefined : readDlcReply(reply, options, mode)
        })
        return { values: scoreDlc(questions, chosen, mode), lost: chosen.indexOf(undefined) }
      },
    })
  },
})

type Settings = { readonly recognition?: string }

function questionsOf({ id, labels, asks = [] }: TruthSample, { recognition }: Settings): DlcQuestion[] {
  const words = recognition?.split('|').map((one) => one.trim())
  const questions = dlcQuestions(
    labels?.[0],
    asks,
    words === undefined ? DLC_RECOGNITION : [words[0]!, words[1] ?? words[0]!],
  )
  if (questions[0]?.kind === 'recognition') return questions
  throw new MaskwordsError('malformed', 'the truth of this region does not say what thing it is', {
    at: id,
    hint: 'class_names.json names it, or "labels" of a truth in JSON Lines',
  })
}

function checked(recognition: string): string {
  if (recognition.split('|').every((one) => one.includes('{thing}'))) return recognition
  throw new MaskwordsError('usage', '--recognition does not say where the name of the thing stands', {
    hint: 'for example: Is it likely {thing}?',
  })
}
