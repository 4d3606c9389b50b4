// The true boxes of a sample: as the truth states them, else around its masks.
import { type BoxXyxyPx, boxOfMask, type EvalMode } from '@maskwords/eval'
import { MaskwordsError } from '@maskwords/files'
import type { TruthSample } from './truth.ts'

/** Throws MaskwordsError where the sample has neither boxes nor masks. */
export function truthBoxes(sample: TruthSample, mode: EvalMode): readonly BoxXyxyPx[] {
  if (sample.boxes !== undefined) return sample.boxes
  if (sample.masks === undefined) {
    throw new MaskwordsError('malformed', 'the truth of this sample has no boxes', { at: sample.id })
  }
  return sample.masks.map((mask) => boxOfMask(mask, mode)).filter((box) => box !== undefined)
}
