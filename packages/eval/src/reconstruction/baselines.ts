// Honest baselines of mask codecs: boxes, turned boxes, ellipses and polygons, exact and in a stated number of bits.
// Definition: our own; docs/reconstruction.md says how the bits are split.
import { type Mask, tightBox } from '@maskwords/mask'
import { boxMask, quantisedBox } from './box-fit.ts'
import { bestShape, momentShape } from './fit.ts'
import { polygonBits, polygonMasks } from './polygon-fit.ts'
import { type BitSplit, bitsOf, plainRounding, quantisedShape } from './quantised-shape.ts'
import { keptMask, scratchFor, shapeMask } from './shape.ts'

/** Splits of 16, 24 and 32 bits, the best of 15, 5 and 3 by the mean IoU of ellipses on samples of both sets. */
const SPLITS: readonly BitSplit[] = [
  { x: 5, y: 5, size: 3, aspect: 1, turn: 2 },
  { x: 6, y: 6, size: 5, aspect: 3, turn: 4 },
  { x: 8, y: 8, size: 6, aspect: 5, turn: 5 },
]
const BOX_BITS_A_SIDE = [4, 6, 8] as const
const POLYGON_VERTICES = [3, 4, 6, 8, 12, 16, 24, 32] as const

/** A mask as a baseline says it again, and what that costs. */
export type BaselineMask = {
  /** `box`, `turned box`, `ellipse`, `polygon`: methods of one family are points of one curve. */
  readonly family: string
  readonly method: string
  /** Undefined for exact shapes. */
  readonly bits?: number
  readonly mask: Mask
}

/** The mask by every baseline, in a fixed order. The mask is not empty. */
export function baselineMasks(truth: Mask): BaselineMask[] {
  const scratch = scratchFor(truth)
  const found: BaselineMask[] = [
    { family: 'box', method: 'box, tight, exact', mask: boxMask(tightBox(truth), truth) },
    {
      family: 'ellipse of moments',
      method: 'ellipse of moments, exact',
      mask: keptMask(shapeMask('ellipse', momentShape('ellipse', truth), scratch)),
    },
    {
      family: 'ellipse of moments',
      method: 'ellipse of moments, 16 bits',
      bits: 16,
      mask: keptMask(shapeMask('ellipse', plainRounding(momentShape('ellipse', truth), truth), scratch)),
    },
  ]
  for (const bitsASide of BOX_BITS_A_SIDE) {
    const bits = 4 * bitsASide
    found.push({ family: 'box', method: `box, ${bits} bits`, bits, mask: quantisedBox(truth, bitsASide) })
  }
  for (const [kind, family] of [
    ['box', 'turned box'],
    ['ellipse', 'ellipse'],
  ] as const) {
    const exact = bestShape(kind, truth, scratch).shape
    const mask = keptMask(shapeMask(kind, exact, scratch))
    found.push({ family, method: `${family}, best, exact`, mask })
    for (const split of SPLITS) {
      const bits = bitsOf(split)
      const { shape } = quantisedShape(kind, truth, split, scratch, exact)
      const rounded = keptMask(shapeMask(kind, shape, scratch))
      found.push({ family, method: `${family}, ${bits} bits`, bits, mask: rounded })
    }
  }
  polygonMasks(truth, POLYGON_VERTICES).forEach((mask, i) => {
    const vertices = POLYGON_VERTICES[i]!
    found.push({
      family: 'polygon',
      method: `polygon, ${vertices} vertices`,
      bits: polygonBits(vertices),
      mask,
    })
  })
  return found
}

/** The family of a baseline's method name, or undefined for other methods. */
export function baselineFamily(method: string): string | undefined {
  const [family] = method.split(', ')
  return ['box', 'ellipse of moments', 'turned box', 'ellipse', 'polygon'].includes(family!)
    ? family
    : undefined
}
