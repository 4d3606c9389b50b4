// `maskwords eval gcg`: captions with a mask for each phrase (GranD-f).
import {
  evaluateGroundedCaptions,
  GROUNDED_CAPTION_METRICS,
  type GroundedCaptionSample,
} from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { METEOR_OPTIONS, meteorSetting, meteorTables, namedMeteor } from './meteor/variant.ts'
import { namedMasks } from './named-masks.ts'
import { truthMasks } from './truth-samples.ts'

export const command = benchmarkCommand({
  name: 'gcg',
  summary: 'Captions with a mask for each phrase (GranD-f): AP50, mean IoU, recall, METEOR, CIDEr.',
  details: [
    'An answer is "text" with its words (--codec), or "caption" with "masks" and "labels", one phrase a mask.',
    'A phrase is found where IoU and likeness of the text are at least 0.5; likeness is the F1 of word stems, not BERT.',
    'METEOR is that of the Java program with --meteor-data, else of two of its four stages, and lower; CIDEr is CIDEr-D.',
    'docs/metrics-detection.md says what differs by --mode.',
  ],
  examples: [
    {
      command: 'maskwords eval gcg --predictions out.jsonl --truth GranDf/ --split val --codec samtok-nano',
      note: 'answers as the model wrote them',
    },
  ],
  options: METEOR_OPTIONS,
  dataset: 'grandf',
  kind: 'captions',
  asking: {
    prompts: {
      prompt:
        'Could you please give me a brief description of the image? Please respond with interleaved segmentation masks for the corresponding parts of the answer.',
    },
    maxTokens: 512,
    needsWords: always,
  },
  settings: (options) => ({ textSimilarity: 'stem-f1', meteor: meteorSetting(options) }),
  metrics: ({ settings }) => namedMeteor(GROUNDED_CAPTION_METRICS, settings.meteor),
  async score(sample, record, { mode, answers }) {
    const { captions = [] } = sample
    if (captions.length === 0) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no captions', { at: sample.id })
    }
    const phrases = namedMasks(truthMasks(sample), sample.labels, sample.id)
    const prediction = record && (await answers.caption(record, sample, mode))
    const item: GroundedCaptionSample = {
      id: sample.id,
      truth: { captions, phrases: phrases.map(({ name, mask }) => ({ phrase: name, mask })) },
      prediction,
    }
    return { values: {}, status: record === undefined ? 'missing' : 'scored', item }
  },
  async finish({ mode, items, context }) {
    const tables = await meteorTables(
      context,
      items.map(({ id, truth, prediction }) => ({
        id: String(id),
        caption: prediction?.caption ?? '',
        references: truth.captions,
      })),
    )
    const { rows, ap50, meteor, cider } = evaluateGroundedCaptions(items, {
      mode,
      ...(tables !== undefined && { tables }),
    })
    return {
      rows,
      numbers: { ap50: ap50 === -1 ? null : ap50, meteor, cider },
    }
  },
})
