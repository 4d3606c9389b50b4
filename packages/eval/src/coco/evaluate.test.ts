import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { referenceStats } from '../../test/coco-reference.ts'
import type { EvalError } from '../error.ts'
import { type EvaluateCocoOptions, evaluateCoco } from './evaluate.ts'
import type { CocoDetection, CocoTruth } from './input.ts'
import { COCO_IOU_THRESHOLDS, COCO_RECALL_POINTS } from './settings.ts'
import { COCO_STAT_NAMES } from './summary.ts'

const SIZE = 10

/** A rectangle of a 10 x 10 picture. */
function rect(x: number, y: number, width: number, height: number, side = SIZE): Mask {
  const bytes = new Uint8Array(side * side)
  for (let j = y; j < y + height; j++) bytes.fill(1, j * side + x, j * side + x + width)
  return maskFromRowMajor({ widthPx: side, heightPx: side, bytes })
}

function truth(mask: Mask, more: Partial<CocoTruth> = {}): CocoTruth {
  return { pictureId: 1, categoryId: 1, mask, ...more }
}

function found(mask: Mask, score: number, more: Partial<CocoDetection> = {}): CocoDetection {
  return { pictureId: 1, categoryId: 1, mask, score, ...more }
}

/** Published precision is 1 / (1 + 2^-52) at most; rounded here to nine digits. */
function rounded(...values: readonly number[]): number[] {
  return values.map((v) => Math.round(v * 1e9) / 1e9)
}

function evaluate(options: Partial<EvaluateCocoOptions>) {
  return evaluateCoco({
    kind: 'mask',
    pictures: [{ id: 1, widthPx: SIZE, heightPx: SIZE }],
    categories: [{ id: 1, name: 'thing' }],
    truths: [],
    detections: [],
    ...options,
  })
}

const a = rect(0, 0, 4, 4)
const b = rect(5, 5, 4, 4)

describe('twelve numbers, by hand', () => {
  it('thresholds and recall points are numpy’s to the bit', () => {
    expect(COCO_IOU_THRESHOLDS).toContain(0.75)
    expect(COCO_IOU_THRESHOLDS[2]).toBe(0.6)
    expect(COCO_RECALL_POINTS[29]).toBe(0.29)
    expect(COCO_RECALL_POINTS[100]).toBe(1)
  })

  it('one perfect detection of two truths: precision 1 up to recall 0.5, so AP = 51 / 101', () => {
    const { stats } = evaluate({ truths: [truth(a), truth(b)], detections: [found(a, 0.9)] })
    expect(stats.ap).toBeCloseTo(51 / 101, 12)
    expect(stats.ap50).toBeCloseTo(51 / 101, 12)
    expect(stats.apSmall).toBeCloseTo(51 / 101, 12)
    expect([stats.apMedium, stats.apLarge, stats.arMedium, stats.arLarge]).toEqual([-1, -1, -1, -1])
    expect([stats.ar1, stats.ar10, stats.ar100, stats.arSmall]).toEqual([0.5, 0.5, 0.5, 0.5])
  })

  it('a false alarm above the only hit: precision 1/2 at every recall', () => {
    const { stats, rows } = evaluate({ truths: [truth(a)], detections: [found(b, 0.9), found(a, 0.8)] })
    expect(stats.ap).toBeCloseTo(0.5, 12)
    expect(stats.ar1).toBe(0)
    expect(stats.ar10).toBe(1)
    expect(rows).toEqual([
      {
        pictureId: 1,
        truths: 1,
        crowds: 0,
        detections: 2,
        hits50: 1,
        falseAlarms50: 1,
        hits75: 1,
        falseAlarms75: 1,
      },
    ])
  })

  it('an IoU of 12 / 16 = 0.75 passes 0.50 to 0.75, six thresholds of ten', () => {
    const { stats } = evaluate({ truths: [truth(a)], detections: [found(rect(0, 0, 3, 4), 1)] })
    expect(stats.ap).toBeCloseTo(0.6, 12)
    expect(rounded(stats.ap50, stats.ap75)).toEqual([1, 1])
  })

  it('a second detection of the same truth is a false alarm', () => {
    const { stats, rows } = evaluate({
      truths: [truth(a), truth(b)],
      detections: [found(a, 0.9), found(a, 0.8), found(b, 0.7)],
    })
    // Precision 1 up to recall 0.5 (51 points), then 2 / 3 (50 points).
    expect(stats.ap).toBeCloseTo((51 + 50 * (2 / 3)) / 101, 12)
    expect(rows[0]).toMatchObject({ hits50: 2, falseAlarms50: 1 })
  })

  it('detections inside a crowd count neither for nor against, however many', () => {
    const crowd = truth(rect(4, 4, 6, 6), { isCrowd: true })
    const inCrowd = [found(rect(5, 5, 2, 2), 0.99), found(rect(7, 7, 2, 2), 0.98)]
    const { stats, truths, crowds } = evaluate({
      truths: [crowd, truth(a)],
      detections: [...inCrowd, found(a, 0.5)],
    })
    expect(stats.ap).toBeCloseTo(1, 12)
    expect([truths, crowds]).toEqual([1, 1])
  })

  it('a truth that counts is preferred to a crowd that fits better', () => {
    const crowd = truth(rect(0, 0, 10, 10), { isCrowd: true })
    const { stats } = evaluate({ truths: [crowd, truth(a)], detections: [found(rect(0, 0, 4, 3), 0.5)] })
    expect(stats.ap50).toBeCloseTo(1, 12)
  })

  it('the annotation’s own area decides on the range; 32 x 32 is small and medium', () => {
    const { stats } = evaluate({ truths: [truth(a, { areaPx: 1024 })], detections: [found(a, 1)] })
    expect(rounded(stats.apSmall, stats.apMedium, stats.apLarge)).toEqual([1, 1, -1])
  })

  it('a category without truth has -1 and does not change the mean; one without detections has 0', () => {
    const { stats, perCategory } = evaluate({
      categories: [{ id: 3 }, { id: 1 }, { id: 2 }],
      truths: [truth(a), truth(b, { categoryId: 3 })],
      detections: [found(a, 1), found(b, 1, { categoryId: 2 })],
    })
    expect(
      perCategory.map(({ id, ap, truths, detections }) => [id, ...rounded(ap), truths, detections]),
    ).toEqual([
      [1, 1, 1, 1],
      [2, -1, 0, 1],
      [3, 0, 1, 0],
    ])
    expect(stats.ap).toBeCloseTo(0.5, 12)
  })

  it('of equal scores the picture with the lower id counts first, whatever the order of the lists', () => {
    const pictures = [10, 9].map((id) => ({ id, widthPx: SIZE, heightPx: SIZE }))
    const truths = [truth(a, { pictureId: 9 })]
    const detections = [found(b, 1, { pictureId: 10 }), found(a, 1, { pictureId: 9 })]
    expect(evaluate({ pictures, truths, detections }).stats.ap).toBeCloseTo(1, 12)
    // Counted together, the two are one point: precision 1/2.
    expect(evaluate({ pictures, truths, detections, ties: 'together' }).stats.ap).toBeCloseTo(0.5, 12)
  })

  it('a truth of id 0 can be hit; the published code, which takes 0 for no match, is mode official', () => {
    const truths = [truth(a, { id: 0 })]
    const detections = [found(a, 1)]
    expect(evaluate({ truths, detections }).stats.ap).toBeCloseTo(1, 12)
    expect(evaluate({ truths, detections, mode: 'official' }).stats.ap).toBe(0)
  })

  it('nothing at all gives -1 everywhere', () => {
    expect(Object.values(evaluate({}).stats)).toEqual(Array(12).fill(-1))
  })
})

type Drawn = { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
const SIDE = 24
const box = fc.record<Drawn>({
  x: fc.integer({ min: 0, max: 20 }),
  y: fc.integer({ min: 0, max: 20 }),
  w: fc.integer({ min: 1, max: 24 }),
  h: fc.integer({ min: 1, max: 24 }),
})
const shaped = ({ x, y, w, h }: Drawn) => {
  const [width, height] = [Math.min(w, SIDE - x), Math.min(h, SIDE - y)]
  return { mask: rect(x, y, width, height, SIDE), boxXywhPx: { x, y, width, height } }
}

describe('against a slow second implementation', () => {
  const scene = fc.record({
    truths: fc.array(
      fc.record({
        box,
        picture: fc.integer({ min: 0, max: 3 }),
        category: fc.integer({ min: 1, max: 2 }),
        crowd: fc.integer({ min: 0, max: 5 }).map((v) => v === 0),
        area: fc.constantFrom(undefined, undefined, 1023, 1024, 1025, 9216, 9217, 0),
      }),
      { maxLength: 12 },
    ),
    // Near a truth (by index) or anywhere; few different scores, so that there are many ties.
    detections: fc.array(
      fc.record({
        near: fc.integer({ min: -2, max: 11 }),
        shift: fc.integer({ min: -2, max: 2 }),
        box,
        picture: fc.integer({ min: 0, max: 3 }),
        category: fc.integer({ min: 1, max: 2 }),
        score: fc.integer({ min: 0, max: 4 }).map((v) => v / 4),
      }),
      { maxLength: 20 },
    ),
    kind: fc.constantFrom('mask' as const, 'box' as const),
    useCategories: fc.boolean(),
  })

  it('all twelve numbers agree to 1e-9 on random scenes', () => {
    fc.assert(
      fc.property(scene, ({ truths: drawnTruths, detections: drawnDetections, kind, useCategories }) => {
        const pictures = [5, 3, 8, 1].map((id) => ({ id, widthPx: SIDE, heightPx: SIDE }))
        const truths = drawnTruths.map((t, id) => ({
          id,
          pictureId: pictures[t.picture]!.id,
          categoryId: t.category,
          isCrowd: t.crowd,
          ...(t.area !== undefined && { areaPx: t.area }),
          ...shaped(t.box),
        }))
        const detections = drawnDetections.map((d) => {
          const near = drawnTruths[d.near]
          const at =
            near === undefined ? d.box : { ...near.box, x: Math.max(0, Math.min(20, near.box.x + d.shift)) }
          return {
            pictureId: pictures[near?.picture ?? d.picture]!.id,
            categoryId: near?.category ?? d.category,
            score: d.score,
            ...shaped(at),
          }
        })
        const { stats } = evaluateCoco({
          kind,
          pictures,
          categories: [{ id: 1 }, { id: 2 }],
          truths,
          detections,
          useCategories,
        })
        const wanted = referenceStats({
          kind,
          pictures,
          categoryIds: [1, 2],
          truths,
          detections,
          useCategories,
        })
        COCO_STAT_NAMES.forEach((name, i) => {
          expect(stats[name], name).toBeCloseTo(wanted[i]!, 9)
        })
      }),
      { numRuns: 50, seed: 6 },
    )
  })

  it('so do pictures with more than 100 detections', () => {
    const pictures = [{ id: 1, widthPx: SIDE, heightPx: SIDE }]
    const at = (i: number) => shaped({ x: (i * 7) % 16, y: (i * 11) % 16, w: 6 + (i % 5), h: 6 + (i % 3) })
    const record = (i: number) => ({ pictureId: 1, categoryId: 1, ...at(i) })
    const truths = Array.from({ length: 9 }, (_, i) => record(i * 3))
    const detections = Array.from({ length: 110 }, (_, i) => ({
      ...record(i % 60),
      score: ((i * 37) % 64) / 64,
    }))
    const input = { kind: 'mask' as const, pictures, truths, detections, useCategories: true }
    const { stats, rows } = evaluateCoco({ ...input, categories: [{ id: 1 }] })
    expect(rows[0]!.detections).toBe(100)
    const wanted = referenceStats({ ...input, categoryIds: [1] })
    COCO_STAT_NAMES.forEach((name, i) => {
      expect(stats[name], name).toBeCloseTo(wanted[i]!, 9)
    })
  })
})

describe('bad input', () => {
  const code = (options: Partial<EvaluateCocoOptions>) => {
    try {
      evaluate(options)
    } catch (error) {
      return (error as EvalError).code
    }
    return 'none'
  }

  it('is refused with a code', () => {
    expect(code({ detections: [found(a, Number.NaN)] })).toBe('out-of-range')
    expect(code({ detections: [found(a, 1, { pictureId: 7 })] })).toBe('not-found')
    expect(code({ truths: [truth(a)], detections: [found(rect(0, 0, 4, 4, 12), 1)] })).toBe('size-mismatch')
    expect(code({ truths: [truth(a, { areaPx: Number.NaN })] })).toBe('out-of-range')
    expect(code({ kind: 'box', truths: [truth(a)], detections: [] })).toBe('malformed')
    expect(code({ categories: [{ id: 1 }, { id: 1 }] })).toBe('duplicate')
    expect(code({ iouThresholds: [0.9, 0.5] })).toBe('bad-option')
  })

  it('a mask of another size is one false alarm where problems are listened to', () => {
    const problems: string[] = []
    const { stats } = evaluate({
      truths: [truth(a)],
      detections: [found(rect(0, 0, 4, 4, 12), 1), found(a, 0.5)],
      onProblem: ({ code, at }) => problems.push(`${code} ${at}`),
    })
    expect(problems).toEqual(['size-mismatch detection 0'])
    expect(stats.ap).toBeCloseTo(0.5, 12)
  })
})
