// What one word draws: the mask with it beside the mask without it.
import { area, emptyMask, type Mask, subtract } from '@maskwords/mask'
import type { Card } from './cards.ts'

export type Contribution = {
  readonly before: Mask
  readonly after: Mask
  /** Pixels that the word brings, and pixels that it takes away. */
  readonly adds: Mask
  readonly removes: Mask
  readonly addsPx: number
  readonly removesPx: number
}

const known = new WeakMap<Mask, WeakMap<object, Contribution>>()
const NOTHING = {}

/** `before` is undefined where there was nothing before: the first word. The same masks give the same value. */
export function contributionOf(before: Mask | undefined, after: Mask): Contribution {
  const of = known.get(after) ?? new WeakMap<object, Contribution>()
  known.set(after, of)
  const there = of.get(before ?? NOTHING)
  if (there !== undefined) return there
  const made = differenceOf(before, after)
  of.set(before ?? NOTHING, made)
  return made
}

function differenceOf(before: Mask | undefined, after: Mask): Contribution {
  const from = before ?? emptyMask(after.widthPx, after.heightPx)
  const adds = subtract(after, from)
  const removes = subtract(from, after)
  return { before: from, after, adds, removes, addsPx: area(adds), removesPx: area(removes) }
}

/** GETok's codes without word `index`, or undefined where the rest says no mask: a corner has no meaning alone. */
export function codesWithout(
  codes: readonly number[],
  index: number,
  cells: number,
): readonly number[] | undefined {
  const grid = codes.filter((code) => code < cells * cells).length
  const refined = codes.length > grid
  const place = index < grid ? index : index - grid
  const stay = cells * cells + 4
  // An offset word is taken out by letting its point stay where it is.
  if (index >= grid)
    return codes[index] === stay ? undefined : codes.map((code, i) => (i === index ? stay : code))
  if (place < 2 || grid < 2) return undefined
  return codes.filter((_, i) => i !== place && !(refined && i === grid + place))
}

/** What the word of that index draws, as far as its masks are there. */
export function contributionIn(card: Card, index: number): Contribution | undefined {
  if (card.codec === 'getok') {
    const rest = card.without.get(index)
    const whole = card.drawn.get(card.codes.length)
    return rest === undefined || whole === undefined ? undefined : contributionOf(rest.mask, whole.mask)
  }
  const after = card.drawn.get(index + 1)
  const before = card.drawn.get(index)
  if (after === undefined || (index > 0 && before === undefined)) return undefined
  return contributionOf(before?.mask, after.mask)
}
