// Boxes written as numbers in an answer, in pixels of the picture: which unit the numbers have, and why. A number alone does not
// say it, so the answers of a run are looked at together: one number above 1000 tells that the model writes pixels. The rule
// for shares is that of HiMTok's REC script (ICCV 2025): four numbers with a sum below 4.
import {
  type AnswerOptions,
  answerParts,
  type BoxNumbers,
  type SaidBox,
  saidAnswer,
  saidBoxes,
  saysNoTarget,
} from '@maskwords/words'
import { EvalError } from '../error.ts'
import type { BoxXyxyPx } from './box.ts'

/** What one picture side stands for: `auto` decides by the answers of the run; a number N means that N is the right or lower edge. */
export type BoxFormat = 'auto' | 'pixels' | 1 | 999 | 1000

/** Units that boxes were read in. */
export type BoxUnit = 'pixels' | 'shares of 1' | '999ths' | 'thousandths' | '1024ths'

/** What the answers of a run say about the unit of their numbers. */
export type BoxSurvey = {
  /** Answers with at least one box in numbers. */
  readonly answers: number
  /** Answers that begin a box and have none that can be read. */
  readonly unreadable: number
  /** Boxes by the unit that `auto` reads them in. */
  readonly units: Readonly<Partial<Record<BoxUnit, number>>>
  /** The first number above 1000, which no share and no thousandth can be. */
  readonly beyond?: { readonly value: number; readonly id: string }
  /** Whether some number is 1000 exactly: the edge is 1000, then, not 999. */
  readonly hasThousand: boolean
}

/** Numbers above this are pixels: no published model counts further than 1000 (PaliGemma's words of 1024 say so themselves). */
const MOST_RELATIVE = 1000

/** How far outside the picture a box in pixels may lie, as a share of the side: models overshoot by a few pixels. */
const OVERSHOOT = 0.05

/** Looks at the boxes of all answers of a run. */
export function surveyBoxes(
  answers: Iterable<{ readonly id: string; readonly text: string } & AnswerOptions>,
  options: AnswerOptions = {},
): BoxSurvey {
  const said: SaidBox[] = []
  let withBoxes = 0
  let unreadable = 0
  let beyond: BoxSurvey['beyond']
  let hasThousand = false
  for (const { id, text, ...own } of answers) {
    const parts = answerParts(text, { ...options, ...own })
    const { boxes, unread } = saidBoxes(saidAnswer(text, parts))
    if (boxes.length > 0) withBoxes++
    else if (unread.length > 0 && !saysNoTarget(text, parts)) unreadable++
    for (const one of boxes) {
      said.push(one)
      if (one.edge === 1024) continue
      const most = Math.max(...one.box)
      if (most > MOST_RELATIVE) beyond ??= { value: most, id }
      if (most === MOST_RELATIVE) hasThousand = true
    }
  }
  const survey = { answers: withBoxes, unreadable, units: {}, hasThousand, ...(beyond && { beyond }) }
  const units: Partial<Record<BoxUnit, number>> = {}
  for (const one of said) {
    const unit = unitOf(one, 'auto', survey)
    units[unit] = (units[unit] ?? 0) + 1
  }
  return { ...survey, units }
}

const ALONE: BoxSurvey = { answers: 1, unreadable: 0, units: {}, hasThousand: false }

function unitOf({ box, edge }: SaidBox, format: BoxFormat, survey: BoxSurvey): BoxUnit {
  if (format !== 'auto') {
    return format === 'pixels'
      ? 'pixels'
      : format === 1
        ? 'shares of 1'
        : format === 999
          ? '999ths'
          : 'thousandths'
  }
  if (edge === 1024) return '1024ths'
  if (box.reduce((sum, value) => sum + value, 0) < 4) return 'shares of 1'
  if (survey.beyond !== undefined || Math.max(...box) > MOST_RELATIVE) return 'pixels'
  return edge === 1000 || survey.hasThousand ? 'thousandths' : '999ths'
}

const EDGES: Readonly<Record<Exclude<BoxUnit, 'pixels'>, number>> = {
  'shares of 1': 1,
  '999ths': 999,
  thousandths: 1000,
  '1024ths': 1024,
}

/** How a box is read from an answer. */
export type AnswerBoxOptions = AnswerOptions & {
  readonly format?: BoxFormat
  /** Of the run that the answer belongs to; without it the answer stands alone. */
  readonly survey?: BoxSurvey
}

/**
 * The boxes of an answer in pixels of the picture, corners in order; none where it names none. Thoughts are no part of it.
 * Throws EvalError `unreadable` where a box begins and none can be read, or lies outside of the picture in its unit, and
 * `out-of-range` for a picture without size.
 */
export function answerBoxes(
  text: string,
  size: { readonly widthPx: number; readonly heightPx: number },
  options: AnswerBoxOptions = {},
): BoxXyxyPx[] {
  const { format = 'auto', survey = ALONE } = options
  const { widthPx, heightPx } = size
  if (!(widthPx > 0 && heightPx > 0)) {
    throw new EvalError('out-of-range', `a picture of ${widthPx} x ${heightPx} pixels has no boxes`)
  }
  const parts = answerParts(text, options)
  const said = saidAnswer(text, parts)
  const { boxes, unread } = saidBoxes(said)
  const [lost] = unread
  if (boxes.length === 0 && lost !== undefined && !saysNoTarget(text, parts)) {
    throw new EvalError(
      'unreadable',
      `a box that cannot be read: ${JSON.stringify(said.slice(lost.start, lost.start + 40))}`,
      { hint: 'four numbers are read, for example [x1, y1, x2, y2], (x1,y1),(x2,y2) or "bbox_2d": [...]' },
    )
  }
  return boxes.map((one) => {
    const unit = unitOf(one, format, survey)
    const [left, top, right, bottom] = sorted(one.box)
    if (unit === 'pixels') {
      if (format === 'auto' && (right > widthPx * (1 + OVERSHOOT) || bottom > heightPx * (1 + OVERSHOOT))) {
        throw new EvalError(
          'unreadable',
          `the box [${one.box.join(', ')}] is neither in thousandths nor in pixels of a picture of ${widthPx} x ${heightPx}`,
          { hint: 'pixels of a resized picture have to be scaled back first; --box-format forces a reading' },
        )
      }
      return [left, top, right, bottom]
    }
    const edge = EDGES[unit]
    return [
      (left / edge) * widthPx,
      (top / edge) * heightPx,
      (right / edge) * widthPx,
      (bottom / edge) * heightPx,
    ]
  })
}

/** One sentence about the unit that `auto` assumed for a run, and why; undefined where no answer has a box in numbers. */
export function describeBoxSurvey({ answers, units, beyond, hasThousand }: BoxSurvey): string | undefined {
  if (answers === 0) return undefined
  const counts = Object.entries(units).map(([unit, count]) => `${count} in ${unit}`)
  const why =
    beyond !== undefined
      ? `${beyond.value} in the answer to ${JSON.stringify(beyond.id)} cannot be a thousandth`
      : units['999ths'] !== undefined || units.thousandths !== undefined
        ? `no number is above 1000${hasThousand ? ', and some are 1000' : ''}`
        : 'the numbers of a box add up to less than 4'
  return `boxes were read as ${counts.join(', ')}: ${why}`
}

function sorted([a, b, c, d]: BoxNumbers): [number, number, number, number] {
  return [Math.min(a, c), Math.min(b, d), Math.max(a, c), Math.max(b, d)]
}
