// Pixels of a predicted and a true mask: shared, joined, each; with ignored pixels left out, or counted as the scripts of
// ReasonSeg count them (HiMTok, ICCV 2025; LISA, CVPR 2024; SAMTok, arXiv 2601.16093).
import { area, intersectionArea, type Mask, subtract, union } from '@maskwords/mask'
import { EvalError } from '../error.ts'

/**
 * What ignored pixels are: left out of both masks (`exclude`, as LISA does); foreground of both (`count-as-hit`, as
 * HiMTok's script has it); background of the truth (`background`, as SAMTok's script has it).
 */
export type IgnoreRule = 'exclude' | 'count-as-hit' | 'background'

/** Intersection and union of two masks, in pixels. */
export type Overlap = {
  readonly intersectionPx: number
  readonly unionPx: number
  readonly predictedPx: number
  readonly truthPx: number
}

/** Throws EvalError `size-mismatch` unless the two masks have one size. */
export function maskOverlap(
  prediction: Mask,
  truth: Mask,
  ignored?: { readonly mask: Mask; readonly rule: IgnoreRule },
): Overlap {
  checkSameSize(prediction, truth, 'prediction')
  let [predicted, wanted] = [prediction, truth]
  if (ignored !== undefined && ignored.rule !== 'background') {
    checkSameSize(ignored.mask, truth, 'ignored region')
    const apply = ignored.rule === 'exclude' ? subtract : union
    predicted = apply(prediction, ignored.mask)
    wanted = apply(truth, ignored.mask)
  }
  const [predictedPx, truthPx] = [area(predicted), area(wanted)]
  const intersectionPx = intersectionArea(predicted, wanted)
  return { intersectionPx, unionPx: predictedPx + truthPx - intersectionPx, predictedPx, truthPx }
}

function checkSameSize(mask: Mask, truth: Mask, what: string): void {
  if (mask.widthPx === truth.widthPx && mask.heightPx === truth.heightPx) return
  throw new EvalError(
    'size-mismatch',
    `the ${what} is ${mask.widthPx} x ${mask.heightPx}, the truth is ${truth.widthPx} x ${truth.heightPx} (width x height)`,
    { hint: 'predict at the size of the picture that the truth was drawn on' },
  )
}

/** True where both masks have one size. */
export function isSameSize(a: Mask, b: Mask): boolean {
  return a.widthPx === b.widthPx && a.heightPx === b.heightPx
}
