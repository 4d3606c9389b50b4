// `<ref>phrase</ref><box>[[x1, y1, x2, y2]]</box>` (HiMTok and InternVL): whole numbers from 0 to 999, one or two bracket
// levels. HiMTok's evaluation divides by 999, so 999 is the right or lower edge of the picture.

import { checkPhrase, MAX_ANSWER_PARTS, type PlacedText, type TextRange } from './answer-part.ts'
import { isDigit, isSpace, trimRange } from './characters.ts'
import { WordsError } from './error.ts'

/** The largest coordinate: the right and lower edge of the picture. */
export const BOX_COORDINATE_MAX = 999

/** x1, y1, x2, y2 in 0..999 of the picture's width and height. */
export type GridBox = readonly [x1: number, y1: number, x2: number, y2: number]

export type ReferenceProblem =
  /** `<ref>` or `<box>` without its closing tag. */
  | 'unclosed'
  /** A bracket that does not hold exactly four numbers: dropped. */
  | 'count'
  /** A number above 999: dropped with its box. */
  | 'out-of-range'
  /** x1 > x2 or y1 > y2: sorted. */
  | 'corner-order'

/** A `<ref>` with the boxes right behind it, a `<ref>` alone (no boxes) or a `<box>` alone (no phrase). */
export type Reference = TextRange & {
  readonly phrase?: PlacedText
  readonly boxes: readonly GridBox[]
  readonly problems: readonly ReferenceProblem[]
}

/** Finds references and boxes in text. GETok's `<box>` of grid words is not one of them. Never throws; linear time. */
export function parseReferences(text: string): Reference[] {
  const found: Reference[] = []
  let at = 0
  while (at < text.length && found.length < MAX_ANSWER_PARTS) {
    const open = text.indexOf('<', at)
    if (open === -1) break
    at = open + 1
    if (text.startsWith('<ref>', open)) {
      const inside = open + 5
      const close = closing(text, inside, '</ref>')
      const place = trimRange(text, inside, close.start)
      const phrase = { ...place, text: text.slice(place.start, place.end) }
      const problems: ReferenceProblem[] = close.found ? [] : ['unclosed']
      let end = close.end
      let boxes: GridBox[] = []
      let next = end
      while (next < text.length && isSpace(text.charCodeAt(next))) next++
      if (text.startsWith('<box>', next)) {
        const read = readBoxes(text, next)
        if (read !== undefined) {
          boxes = read.boxes
          problems.push(...read.problems)
          end = read.end
        }
      }
      found.push({ start: open, end, phrase, boxes, problems })
      at = end
    } else if (text.startsWith('<box>', open)) {
      const read = readBoxes(text, open)
      if (read === undefined) continue
      found.push({ start: open, end: read.end, boxes: read.boxes, problems: read.problems })
      at = read.end
    }
  }
  return found
}

/** The box in pixels, x1 y1 x2 y2: coordinates / 999 times the picture's size. */
export function boxToXyxyPx(
  box: GridBox,
  size: { widthPx: number; heightPx: number },
): [x1: number, y1: number, x2: number, y2: number] {
  const sx = size.widthPx / BOX_COORDINATE_MAX
  const sy = size.heightPx / BOX_COORDINATE_MAX
  return [box[0] * sx, box[1] * sy, box[2] * sx, box[3] * sy]
}

/** The nearest box of whole coordinates for x1 y1 x2 y2 in pixels, clamped to the picture. */
export function boxFromXyxyPx(
  boxXyxyPx: readonly [number, number, number, number],
  size: { widthPx: number; heightPx: number },
): GridBox {
  const { widthPx, heightPx } = size
  if (!(widthPx > 0 && heightPx > 0) || !boxXyxyPx.every(Number.isFinite)) {
    throw new WordsError(
      'out-of-range',
      `box ${boxXyxyPx.join(', ')} in a picture of ${widthPx} x ${heightPx}`,
    )
  }
  const scaled = (value: number, side: number) =>
    Math.min(BOX_COORDINATE_MAX, Math.max(0, Math.round((value / side) * BOX_COORDINATE_MAX)))
  const [x1, y1, x2, y2] = boxXyxyPx
  return [scaled(x1, widthPx), scaled(y1, heightPx), scaled(x2, widthPx), scaled(y2, heightPx)]
}

/** `<box>[[x1, y1, x2, y2]]</box>`; with a phrase, `<ref>phrase</ref>` before it. Throws WordsError out of 0..999. */
export function formatReference(reference: { phrase?: string; boxes: readonly GridBox[] }): string {
  const { phrase, boxes } = reference
  const head = phrase === undefined ? '' : `<ref>${checkPhrase('phrase', phrase).trim()}</ref>`
  if (boxes.length === 0) return head
  const list = boxes.map((box) => {
    for (const value of box) {
      if (Number.isInteger(value) && value >= 0 && value <= BOX_COORDINATE_MAX) continue
      throw new WordsError('out-of-range', `box [${box.join(', ')}] must hold whole numbers from 0 to 999`)
    }
    return `[${box.join(', ')}]`
  })
  return `${head}<box>[${list.join(', ')}]</box>`
}

function closing(text: string, from: number, tag: string): { start: number; end: number; found: boolean } {
  // Only as far as the next tag of any kind: a phrase holds no `<`.
  const next = text.indexOf('<', from)
  if (next === -1) return { start: text.length, end: text.length, found: false }
  const found = text.startsWith(tag, next)
  return { start: next, end: found ? next + tag.length : next, found }
}

function readBoxes(
  text: string,
  start: number,
): { boxes: GridBox[]; problems: ReferenceProblem[]; end: number } | undefined {
  const close = closing(text, start + 5, '</box>')
  const boxes: GridBox[] = []
  const problems: ReferenceProblem[] = close.found ? [] : ['unclosed']
  let numbers: number[] | undefined
  let bracket = false
  const note = (problem: ReferenceProblem) => {
    if (!problems.includes(problem)) problems.push(problem)
  }
  const finish = () => {
    if (numbers === undefined) return
    if (numbers.length !== 4) note('count')
    else if (numbers.some((value) => value > BOX_COORDINATE_MAX)) note('out-of-range')
    else {
      const [x1, y1, x2, y2] = numbers as [number, number, number, number]
      if (x1 > x2 || y1 > y2) note('corner-order')
      boxes.push([Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)])
    }
    numbers = undefined
  }
  for (let at = start + 5; at < close.start; ) {
    const unit = text.charCodeAt(at)
    if (isDigit(unit)) {
      let value = 0
      while (at < close.start && isDigit(text.charCodeAt(at))) {
        value = Math.min(1e6, value * 10 + text.charCodeAt(at) - 48)
        at++
      }
      numbers ??= []
      if (numbers.length < 5) numbers.push(value)
      continue
    }
    if (unit === 91 || unit === 93) {
      bracket = true
      finish()
    }
    at++
  }
  finish()
  return bracket ? { boxes, problems, end: close.end } : undefined
}
