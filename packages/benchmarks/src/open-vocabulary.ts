// `maskwords eval open-vocabulary`: semantic segmentation by class names, mean IoU over classes.
import { scoreSemantic, semanticMetrics } from '@maskwords/eval'
import { benchmarkCommand } from './benchmark-command.ts'
import { spellingIn } from './class-names.ts'
import { always } from './loop/asking.ts'
import { namedMasks } from './named-masks.ts'
import type { TruthSample } from './truth.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'open-vocabulary',
  summary: 'Semantic segmentation by class name: mean IoU over classes.',
  details: [
    'Answers are "text" with labels (a JSON list of mask_2d and label, or lines "label: words"), or "masks" with "labels".',
    'Labels match whatever their case and blanks. A pixel that several classes claim goes to the one with the',
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
  asking: {
    prompts: { prompt: 'Please carefully check the image and detect the following objects: [{labels}].' },
    maxTokens: 4096,
    needsWords: always,
  },
  settings: () => ({}),
  metrics: ({ samples }) =>
    semanticMetrics([...new Set(samples.flatMap((sample) => sample.labels ?? []))].sort()),
  async score(sample, record, { mode, answers, samples }) {
    const truth = namedMasks(truthMasks(sample), sample.labels, sample.id)
    const prediction =
      record &&
      (await answers.named(record, sample)).map(({ name, mask }) => ({
        name: spellingOf(name, samples),
        mask,
      }))
    const { ignored } = sample
    return scoreSemantic({ prediction, truth, ...(ignored !== undefined && { ignored }) }, { mode })
  },
})

/** Names of classes by their letters alone, for the samples of each run. */
const spellings = new WeakMap<readonly TruthSample[], (name: string) => string>()

/** The truth's own spelling of a class; the name as it is where the truth has no such class. */
function spellingOf(name: string, samples: readonly TruthSample[]): string {
  let spelled = spellings.get(samples)
  if (spelled === undefined) {
    spelled = spellingIn(samples.flatMap(({ labels = [] }) => labels))
    spellings.set(samples, spelled)
  }
  return spelled(name)
}
