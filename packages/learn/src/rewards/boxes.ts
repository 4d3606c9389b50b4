// Boxes `[x1, y1, x2, y2]` in text, in whatever unit the text writes them: pixels, 0..1000, 0..1.

/** Left, top, right, bottom, in the unit of the text; right and bottom are exclusive. */
export type Box = readonly [left: number, top: number, right: number, bottom: number]

/** Boxes or masks of one side that are matched: the cost of matching grows with their cube. Dense scenes have some 60. */
export const MAX_MATCHED = 128

/** Longest number that is read. */
const MAX_DIGITS = 16

/**
 * The first 128 boxes of the text, and how many there are in all. Four numbers between brackets, whole or with a
 * fraction, blanks allowed; anything else in brackets is no box. Linear time on any text.
 */
export function readBoxes(text: string): { boxes: Box[]; count: number } {
  const boxes: Box[] = []
  let count = 0
  const numbers = [0, 0, 0, 0]
  for (let open = text.indexOf('['); open !== -1; open = text.indexOf('[', open + 1)) {
    let at = open + 1
    for (let k = 0; k < 4; k++) {
      at = skipBlanks(text, at)
      const end = numberEnd(text, at)
      if (end === at) break
      numbers[k] = Number(text.slice(at, end))
      at = skipBlanks(text, end)
      if (text.charCodeAt(at) !== (k === 3 ? 93 : 44)) break
      at++
      if (k === 3 && count++ < MAX_MATCHED) boxes.push([numbers[0]!, numbers[1]!, numbers[2]!, numbers[3]!])
    }
  }
  return { boxes, count }
}

function skipBlanks(text: string, at: number): number {
  while (at < text.length) {
    const unit = text.charCodeAt(at)
    if (unit !== 32 && (unit < 9 || unit > 13)) break
    at++
  }
  return at
}

/** Where a number that begins at `from` ends; `from` where there is none. */
function numberEnd(text: string, from: number): number {
  let at = from
  if (text.charCodeAt(at) === 45) at++
  const whole = digitsEnd(text, at)
  if (whole === at) return from
  at = whole
  if (text.charCodeAt(at) === 46) {
    const fraction = digitsEnd(text, at + 1)
    if (fraction === at + 1) return from
    at = fraction
  }
  return at - from > 2 * MAX_DIGITS ? from : at
}

function digitsEnd(text: string, at: number): number {
  while (text.charCodeAt(at) >= 48 && text.charCodeAt(at) <= 57) at++
  return at
}
