// What the benchmarks of boxes share: how numbers in text are read, and one box around several.
import type { BoxFormat, BoxXyxyPx } from '@maskwords/eval'
import type { OptionSpecs } from '@maskwords/files'

const FORMATS = ['auto', 'pixels', '1', '999', '1000'] as const

export const BOX_FORMAT_OPTION = {
  'box-format': {
    type: 'choice',
    choices: FORMATS,
    help: 'what numbers of boxes in text count: pixels, shares of 1, or 0 to 999 or 1000 (default auto: by all answers together)',
  },
  'box-scale': { type: 'choice', choices: FORMATS, help: 'the older name of --box-format' },
} as const satisfies OptionSpecs

/** For models without mask words; in words of our own. */
export const BOX_PROMPT =
  'Please give the bounding box of {phrase} in this image as [x1, y1, x2, y2], each in thousandths of its width or height.'

/** What the user asked for, as it goes into the stamp. */
export function boxFormatOf(options: {
  readonly 'box-format'?: string
  readonly 'box-scale'?: string
}): string {
  return options['box-format'] ?? options['box-scale'] ?? 'auto'
}

export function readBoxFormat(text: string): BoxFormat {
  return text === 'auto' || text === 'pixels' ? text : (Number(text) as BoxFormat)
}

/** The box around all boxes; undefined for none. */
export function joinedBox(boxes: readonly BoxXyxyPx[]): BoxXyxyPx | undefined {
  if (boxes.length < 2) return boxes[0]
  const side = (k: 0 | 1 | 2 | 3, pick: (...values: number[]) => number) =>
    boxes.reduce((value, box) => pick(value, box[k]), boxes[0]![k])
  return [side(0, Math.min), side(1, Math.min), side(2, Math.max), side(3, Math.max)]
}
