// `maskwords eval open-vocabulary`: semantic segmentation by class names, mean IoU over classes.
import { type ClassMask, scoreSemantic, semanticMetrics } from '@maskwords/eval'
import type { Mask } from '@maskwords/mask'
import { MaskwordsError } from '../../error.ts'
import { benchmarkCommand } from './benchmark.ts'
import { type TruthSample, truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'open-vocabulary',
  summary: 'Semantic segmentation by class name: mean IoU over classes.',
  details: [
    'Predictions and truth name each mask ("labels"). A pixel that several classes claim goes to the one with the',
    'smaller mask; pixels without a claim are missed. Classes that are not in the truth count for nobody else.',
  ],
  examples: [
    {
      command: 'maskwords eval open-vocabulary --predictions out.jsonl --truth ade20k.jsonl --json',
      note: 'a sample is a picture',
    },
  ],
  options: {},
  dataset: 'label-map',
  kind: 'classes',
  settings: () => ({}),
  metrics: ({ samples }) =>
    semanticMetrics([...new Set(samples.flatMap((sample) => sample.labels ?? []))].sort()),
  async score(sample, record, { mode, answers }) {
    const truth = named(truthMasks(sample), sample.labels, sample)
    const prediction = record && named(await answers.masks(record, sample), record.labels, undefined)
    const { ignored } = sample
    return scoreSemantic({ prediction, truth, ...(ignored !== undefined && { ignored }) }, { mode })
  },
})

function named(
  masks: readonly Mask[],
  labels: readonly string[] | undefined,
  sample: TruthSample | undefined,
): ClassMask[] {
  if ((labels?.length ?? 0) !== masks.length) {
    throw new MaskwordsError(
      'size-mismatch',
      `${masks.length} masks, ${labels?.length ?? 0} labels: one for each is needed`,
      { ...(sample !== undefined && { at: sample.id }), hint: 'add "labels", one name a mask' },
    )
  }
  return masks.map((mask, k) => ({ name: labels![k]!, mask }))
}
