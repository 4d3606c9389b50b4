// What the benchmarks of boxes share: how numbers in text are scaled, and one box around several.
import type { BoxScale, BoxXyxyPx } from '@maskwords/eval'
import type { OptionSpecs } from '@maskwords/files'

export const SCALE_OPTION = {
  'box-scale': {
    type: 'choice',
    choices: ['auto', 'pixels', '1', '999', '1000'],
    help: 'what [x1, y1, x2, y2] in text counts: pixels, shares of 1, or 0 to 999 or 1000 (default auto: 1 or 999)',
  },
} as const satisfies OptionSpecs

export function readScale(text: string): BoxScale {
  return text === 'auto' || text === 'pixels' ? text : (Number(text) as BoxScale)
}

/** The box around all boxes; undefined for none. */
export function joinedBox(boxes: readonly BoxXyxyPx[]): BoxXyxyPx | undefined {
  if (boxes.length < 2) return boxes[0]
  const side = (k: 0 | 1 | 2 | 3, pick: (...values: number[]) => number) =>
    boxes.reduce((value, box) => pick(value, box[k]), boxes[0]![k])
  return [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)]
}
