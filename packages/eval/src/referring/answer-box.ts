// A box written as numbers in an answer: `[x1, y1, x2, y2]` in pixels, in thousandths, or as shares of the picture. The rule
// of HiMTok's REC script (ICCV 2025): the first four numbers in brackets; from a sum of 4 on they are divided by 999.
import { EvalError } from '../error.ts'
import type { BoxXyxyPx } from './box.ts'

/** What 1 stands for: `auto` is HiMTok's rule; a number N means that N is the right or lower edge. */
export type BoxScale = 'auto' | 'pixels' | 1 | 999 | 1000

/** Answers are read up to here. */
const MAX_ANSWER_LENGTH = 65_536

const NUMBER = String.raw`\s{0,8}(-?\d{1,7}(?:\.\d{1,20})?)\s{0,8}`
const BRACKET = new RegExp(String.raw`\[${NUMBER},${NUMBER},${NUMBER},${NUMBER}\]`)

/** The first box of the text in pixels of the picture; undefined where there is none. Throws EvalError for a picture without size. */
export function boxFromAnswer(
  text: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  scale: BoxScale = 'auto',
): BoxXyxyPx | undefined {
  const { widthPx, heightPx } = size
  if (!(widthPx > 0 && heightPx > 0)) {
    throw new EvalError('out-of-range', `a picture of ${widthPx} x ${heightPx} pixels has no boxes`)
  }
  const match = BRACKET.exec(text.slice(0, MAX_ANSWER_LENGTH))
  if (match === null) return undefined
  const numbers = match.slice(1).map(Number) as [number, number, number, number]
  if (scale === 'pixels') return numbers
  const sum = numbers.reduce((total, value) => total + value, 0)
  const edge = scale === 'auto' ? (sum >= 4 ? 999 : 1) : scale
  const [left, top, right, bottom] = numbers
  return [
    (left / edge) * widthPx,
    (top / edge) * heightPx,
    (right / edge) * widthPx,
    (bottom / edge) * heightPx,
  ]
}
