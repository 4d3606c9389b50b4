// `maskwords eval region-caption`: captions of given regions (RefCOCOg, Visual Genome), as GLaMM and SAMTok are measured.
import {
  bleu,
  type CaptionSample,
  cider,
  type EvalMode,
  meteor,
  officialGroundedCaption,
  rougeL,
} from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import type { AnswerOptions } from '@maskwords/words'
import { answerOf, descriptionOf } from './answer-text.ts'
import { benchmarkCommand } from './benchmark-command.ts'
import { always } from './loop/asking.ts'
import { METEOR_OPTIONS, meteorSetting, meteorTables } from './meteor/variant.ts'
import type { PredictionRecord } from './record.ts'

type Item = CaptionSample & { readonly isMissing: boolean }

export const command = benchmarkCommand({
  name: 'region-caption',
  summary: 'Captions of given regions (RefCOCOg, Visual Genome): METEOR, CIDEr, BLEU-4, ROUGE-L.',
  details: [
    'An answer is "text", of which words of masks and tags are left out, or "caption".',
    'METEOR is that of the Java program with --meteor-data; without its tables it has two of four stages (settings.meteor: exact-stem), is lower,',
    'and not to be set beside published numbers. CIDEr is CIDEr-D over the samples that are scored.',
  ],
  examples: [
    {
      command:
        'maskwords eval region-caption --model samtok-4b --root refcocog/ --dataset region-captions --split val',
      note: 'asks a model and scores what it says',
    },
    {
      command: 'maskwords eval region-caption --predictions out.jsonl --truth truth.jsonl',
      note: 'the truth has "captions" and "masks"',
    },
  ],
  options: METEOR_OPTIONS,
  dataset: 'region-captions',
  kind: 'region-captions',
  asking: {
    prompts: { prompt: 'Given a detailed description of this region {mask}.' },
    maxTokens: 1024,
    needsWords: always,
    pointsAt: 'masks',
  },
  settings: (options) => ({ meteor: meteorSetting(options) }),
  metrics: () => [
    {
      name: 'rougeL',
      parts: [{ numerator: 'rougeL', denominator: 'captions' }],
      title: 'ROUGE-L, mean over the regions',
    },
  ],
  score(sample, record, { mode, readingOf }) {
    const { id, captions = [] } = sample
    if (captions.length === 0) {
      throw new MaskwordsError('malformed', 'the truth of this sample has no captions', { at: id })
    }
    const caption = record === undefined ? '' : captionOf(record, mode, readingOf(record))
    const item: Item = { id, caption, references: captions, isMissing: record === undefined }
    return { values: {}, status: record === undefined ? 'missing' : 'scored', item }
  },
  async finish({ mode, items, context }) {
    // Published scripts score what was answered; a region without a caption counts here as one with an empty caption.
    const counted = mode === 'official' ? items.filter(({ isMissing }) => !isMissing) : items
    const tables = await meteorTables(context, counted)
    const [ciders, rouges] = [cider(counted), rougeL(counted)]
    const byId = new Map(
      counted.map(({ id }, k) => [
        id,
        { captions: 1, cider: ciders.rows[k]!.score, rougeL: rouges.rows[k]!.score },
      ]),
    )
    return {
      rows: items.map(({ id, isMissing }) => ({
        id,
        status: isMissing ? ('missing' as const) : ('scored' as const),
        values: byId.get(id) ?? {},
      })),
      numbers: {
        meteor: meteor(counted, { ...(tables !== undefined && { tables }) }).score,
        cider: ciders.score,
        bleu4: bleu(counted).score,
      },
    }
  },
  shown: 'cider',
})

function captionOf(record: PredictionRecord, mode: EvalMode, rules: AnswerOptions): string {
  return mode === 'official' && record.caption === undefined && record.text !== undefined
    ? officialGroundedCaption(answerOf(record.text, rules))
    : descriptionOf(record, rules)
}
