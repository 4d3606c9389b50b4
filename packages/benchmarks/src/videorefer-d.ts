// `maskwords eval videorefer-d`: descriptions of an object of a video, shown in one frame (VideoRefer-Bench-D).

import { MaskwordsError } from '@maskwords/files'
import {
  readVideoReferReply,
  scoreVideoRefer,
  VIDEOREFER_PLACES,
  VIDEOREFER_PROMPT,
  videoReferMetrics,
  videoReferSampling,
} from '@maskwords/judging'
import { benchmarkCommand } from './benchmark-command.ts'
import { scoreJudged } from './judged/judging.ts'
import { always } from './loop/asking.ts'
import { REGION_PROMPTS } from './loop/region-prompts.ts'
import type { TruthSample } from './truth.ts'

export const command = benchmarkCommand({
  name: 'videorefer-d',
  summary:
    'Descriptions of an object of a video, shown in one frame: a judge compares them (VideoRefer-Bench-D).',
  details: [
    'The judge compares the description with the true one: 0 to 5 points for subject, appearance, motion, and nothing made up.',
    'Single-frame mode: the model sees the frame that the benchmark names, as a picture. Published numbers are those of GPT-4o.',
    'An answer is "text", of which words of masks and tags are left out, or "caption".',
  ],
  examples: [
    {
      command:
        'maskwords eval videorefer-d --root VideoRefer-Bench-D/ --model samtok-4b --judge https://api.openai.com/v1#gpt-4o',
      note: 'the key of the judge is in MASKWORDS_JUDGE_API_KEY',
    },
    {
      command:
        'maskwords eval videorefer-d --root VideoRefer-Bench-D/ --predictions out.jsonl --judge http://127.0.0.1:8000/v1 --judge-prompt system.txt',
      note: 'in the published words',
    },
  ],
  options: {},
  dataset: 'videorefer-d',
  kind: 'region-captions',
  asking: {
    prompts: { prompt: REGION_PROMPTS.prompt },
    maxTokens: 1024,
    needsWords: always,
    pointsAt: 'masks',
  },
  settings: () => ({}),
  judging: {
    prompt: VIDEOREFER_PROMPT,
    places: VIDEOREFER_PLACES,
    needed: ['answer', 'reference'],
    sampling: videoReferSampling,
    questions: (sample, said, { mode }) => [
      {
        values: { reference: referenceOf(sample), answer: said },
        isReadable: (reply) => {
          const points = readVideoReferReply(reply, mode)
          return points !== undefined && Object.keys(points).length > 0
        },
      },
    ],
  },
  metrics: () => videoReferMetrics(),
  score(sample, record, { mode, verdictsOf }) {
    referenceOf(sample)
    return scoreJudged({
      ...{ sample, record, mode, verdictsOf },
      worst: scoreVideoRefer(undefined, 'correct'),
      read([reply]) {
        const points = reply === undefined ? undefined : readVideoReferReply(reply, mode)
        return { values: scoreVideoRefer(points, mode), lost: points === undefined ? 0 : -1 }
      },
    })
  },
})

function referenceOf({ id, captions: [reference] = [] }: TruthSample): string {
  if (reference !== undefined) return reference
  throw new MaskwordsError('malformed', 'the truth of this sample has no description to compare with', {
    at: id,
    hint: 'add "captions": ["..."]',
  })
}
