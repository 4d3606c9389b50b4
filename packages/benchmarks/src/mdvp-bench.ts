// `maskwords eval mdvp-bench`: questions about marked regions, answers graded beside a reference (MDVP-Bench).

import { MaskwordsError } from '@maskwords/files'
import {
  MDVP_PLACES,
  MDVP_PROMPT,
  markedPicture,
  mdvpContext,
  mdvpMetrics,
  mdvpSampling,
  readMdvpReply,
  scoreMdvp,
} from '@maskwords/judging'
import { benchmarkCommand } from './benchmark-command.ts'
import { scoreJudged } from './judged/judging.ts'
import { always } from './loop/asking.ts'
import { REGION_PROMPTS, zoomBelow } from './loop/region-prompts.ts'
import type { TruthSample } from './truth.ts'

export const command = benchmarkCommand({
  name: 'mdvp-bench',
  summary: 'Questions about marked regions: a judge grades the answer beside a reference (MDVP-Bench).',
  details: [
    'The judge sees the picture with its regions outlined and numbered, so it has to be a model with eyes. Both answers get 1 to 10',
    'points; the number of the papers is the ratio of the means, by part of the benchmark (docs/evaluation.md).',
    'An answer is "text", of which words of masks and tags are left out, or "caption".',
  ],
  examples: [
    {
      command:
        'maskwords eval mdvp-bench --root MDVP-Bench/ --model samtok-4b --judge https://api.openai.com/v1#gpt-4o',
      note: 'the key of the judge is in MASKWORDS_JUDGE_API_KEY',
    },
    {
      command:
        'maskwords eval mdvp-bench --root MDVP-Bench/ --split natural_box --predictions out.jsonl --judge http://127.0.0.1:8000/v1',
      note: 'one part, answers that are there',
    },
  ],
  options: {},
  dataset: 'mdvp-bench',
  kind: 'region-questions',
  asking: {
    prompts: { ...REGION_PROMPTS, question: '{phrase} {masks}' },
    choose: (sample) => (sample.phrase === undefined ? zoomBelow(0.2)(sample) : 'question'),
    maxTokens: 1024,
    needsWords: always,
    pointsAt: 'masks',
  },
  settings: () => ({}),
  judging: {
    prompt: MDVP_PROMPT,
    places: MDVP_PLACES,
    needed: ['answer'],
    sampling: mdvpSampling,
    picture: ({ masks = [] }, picture) => markedPicture(picture, masks),
    questions: (sample, said, { mode }) => [
      {
        values: {
          context: mdvpContext(sample.groups[0] ?? ''),
          question: sample.phrase ?? 'Describe the marked region in detail.',
          reference: referenceOf(sample),
          answer: said,
        },
        isReadable: (reply) => readMdvpReply(reply, mode) !== undefined,
      },
    ],
  },
  metrics: () => mdvpMetrics(),
  score(sample, record, { mode, verdictsOf }) {
    referenceOf(sample)
    return scoreJudged({
      ...{ sample, record, mode, verdictsOf },
      worst: scoreMdvp(undefined, 'correct'),
      read([reply]) {
        const grades = reply === undefined ? undefined : readMdvpReply(reply, mode)
        return { values: scoreMdvp(grades, mode), lost: grades === undefined ? 0 : -1 }
      },
    })
  },
})

function referenceOf({ id, captions: [reference] = [] }: TruthSample): string {
  if (reference !== undefined) return reference
  throw new MaskwordsError('malformed', 'the truth of this sample has no answer to compare with', {
    at: id,
    hint: 'add "captions": ["..."]',
  })
}
