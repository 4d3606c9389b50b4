import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import { getokVocabulary } from '@maskwords/words'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { blob } from '../../test/getok-blobs.ts'
import type { BoxXyxyPx } from '../codec.ts'
import { CodecError } from '../error.ts'
import { gridOf, pointToCell } from './grid.ts'
import { boxAccuracy, lineScores, maskScores, pointingScores } from './metrics.ts'
import { DELETE, STAY } from './offset.ts'
import { tightBoxXyxy } from './pixel.ts'
import {
  boxGainReward,
  boxReward,
  cornerScore,
  countFactor,
  groupAdvantages,
  hitShare,
  maskGainReward,
  maskReward,
  matchRegions,
  pointQuality,
  pointsReward,
  refinementReward,
  similarity,
  slotMean,
  spread,
  totalReward,
} from './reward.ts'
import { nonRepeatReward, proposalFormatReward, refinementFormatReward } from './text-reward.ts'

const grid = gridOf({ widthPx: 840, heightPx: 840 })

/** A filled rectangle in a picture of 840 x 840. */
function rectangle(left: number, top: number, right: number, bottom: number): Mask {
  const bytes = new Uint8Array(840 * 840)
  for (let y = top; y < bottom; y++) bytes.fill(1, y * 840 + left, y * 840 + right)
  return maskFromRowMajor({ widthPx: 840, heightPx: 840, bytes })
}

const left = rectangle(0, 0, 420, 840)
const truth = { mask: left, boxXyxyPx: [0, 0, 420, 840] as BoxXyxyPx }

describe('matching', () => {
  it('scores corners 0.5 at a mean error of 9 pixels and 0 from 18', () => {
    expect(cornerScore([100, 100, 200, 200], [100, 100, 200, 200])).toBe(1)
    expect(cornerScore([109, 109, 209, 209], [100, 100, 200, 200])).toBe(0.5)
    expect(cornerScore([118, 118, 218, 218], [100, 100, 200, 200])).toBe(0)
    expect(cornerScore(undefined, [0, 0, 1, 1])).toBe(0)
  })

  it('gives a perfect prediction a similarity of 3 and an empty one 0', () => {
    expect(similarity({ boxXyxyPx: truth.boxXyxyPx, pointsXyPx: [10, 10] }, truth)).toBe(3)
    expect(similarity({ pointsXyPx: [] }, truth)).toBe(0)
  })

  it('pairs every prediction it can, however poor', () => {
    const right = { mask: rectangle(420, 0, 840, 840), boxXyxyPx: [420, 0, 840, 840] as BoxXyxyPx }
    expect([...matchRegions([{ pointsXyPx: [800, 5] }, { pointsXyPx: [5, 5] }], [truth, right])]).toEqual([
      1, 0,
    ])
    expect([...matchRegions([{ pointsXyPx: [] }], [truth, right])]).toEqual([0])
    expect([...matchRegions([], [truth])]).toEqual([])
  })
})

describe('points reward', () => {
  it('has the table of the paper: S(1, 2, 4, 8, 12) and F of eleven and twelve perfect points', () => {
    const rounded = [1, 2, 4, 8, 12].map((m) => Number(countFactor(m).toFixed(4)))
    expect(rounded).toEqual([0.1813, 0.3297, 0.5507, 0.7981, 0.9093])
    expect(pointQuality(11, 1, 1)).toBeCloseTo(0.6692, 4)
    expect(pointQuality(12, 1, 1)).toBeCloseTo(0.6693, 4)
    expect(pointQuality(13, 1, 1)).toBeLessThan(pointQuality(12, 1, 1))
    expect(pointQuality(0, 1, 1)).toBe(0)
  })

  it('counts hits and spread as defined', () => {
    expect(hitShare([10, 10, 800, 10, 419.9, 839.9, 840, 840], left)).toBe(0.5)
    // r_g is sqrt(100 * 100); 15 of 0.3 * 100 is a half; a duplicate has distance 0.
    expect(spread([0, 0, 15, 0], [0, 0, 100, 100])).toBe(0.5)
    expect(spread([0, 0, 0, 0], [0, 0, 100, 100])).toBe(0)
    expect(spread([5, 5], [0, 0, 100, 100])).toBe(0)
    expect(spread([0, 0, 90, 90], [0, 0, 100, 100])).toBe(1)
  })

  it('dilutes by unmatched predictions and not by missed truths', () => {
    const points = [50, 50, 350, 50, 50, 400, 350, 400, 50, 790, 350, 790]
    const one = pointsReward([{ pointsXyPx: points }], [truth])
    expect(one).toBeCloseTo(countFactor(6) - 0.12, 10)
    const other = { mask: rectangle(500, 0, 840, 100), boxXyxyPx: [500, 0, 840, 100] as BoxXyxyPx }
    expect(pointsReward([{ pointsXyPx: points }], [truth, other])).toBeCloseTo(one, 10)
    expect(pointsReward([{ pointsXyPx: points }, { pointsXyPx: points }], [truth])).toBeCloseTo(one / 2, 10)
    expect(pointsReward([], [truth])).toBe(0)
  })

  it('stays between 0 and 0.67 for any points', () => {
    const coordinate = fc.double({ min: -10, max: 850, noNaN: true })
    fc.assert(
      fc.property(
        fc.array(coordinate, { maxLength: 60 }),
        fc.integer({ min: 1, max: 30 }),
        (values, seed) => {
          const mask = blob(seed, 60)
          const region = { mask, boxXyxyPx: tightBoxXyxy(mask)! }
          const pointsXyPx = values.slice(0, values.length & ~1)
          const reward = pointsReward([{ pointsXyPx }], [region])
          expect(reward).toBeGreaterThanOrEqual(0)
          expect(reward).toBeLessThan(0.6694)
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('mask and box rewards', () => {
  it('reward masks in pieces: 0, the IoU, 1 to 2, 2', () => {
    expect(
      [0.29, 0.3, 0.49, 0.5, 0.65, 0.8, 0.84, 1].map((iou) => Number(maskReward(iou).toFixed(4))),
    ).toEqual([0, 0.3, 0.49, 1, 1.5, 2, 2, 2])
  })

  it('reward boxes by IoU and corners, half each', () => {
    expect(boxReward([0, 0, 420, 840], truth.boxXyxyPx)).toBe(1)
    expect(boxReward(undefined, truth.boxXyxyPx)).toBe(0)
    expect(boxReward([0, 0, 420, 400], truth.boxXyxyPx)).toBe(0)
  })

  it('reward gains as the figure shows: 0.09 of box IoU is 1, 0.84 to 0.96 of mask IoU is 2', () => {
    expect(boxGainReward(0.8, 0.89)).toBe(1)
    expect(boxGainReward(0.8, 0.775)).toBeCloseTo(-0.5, 10)
    expect([boxGainReward(0.95, 0.95), boxGainReward(0.5, 0.5)]).toEqual([0.5, 0])
    expect(maskGainReward(0.84, 0.96)).toBe(2)
    expect(maskGainReward(0.9, 0.8)).toBe(-2)
    expect(maskGainReward(1, 1)).toBe(0)
  })

  it('add up without weights, over as many slots as there are predictions or truths', () => {
    expect(totalReward({ format: 1, nonRepeat: 1, mask: 2, box: 1, points: 0.5 })).toBe(5.5)
    expect(totalReward({ format: 1, mask: 2, box: 1, points: 1 })).toBe(5)
    expect(slotMean([2, 1], 2, 4)).toBe(0.75)
    expect(slotMean([], 0, 0)).toBe(0)
  })

  it('become advantages of mean 0 and spread 1 within a group', () => {
    expect([...groupAdvantages([1, 3])].map((value) => Number(value.toFixed(4)))).toEqual([-1, 1])
    expect([...groupAdvantages([2, 2, 2])]).toEqual([0, 0, 0])
    expect([...groupAdvantages([])]).toEqual([])
    expect(() => groupAdvantages([1, Number.NaN])).toThrow(CodecError)
  })
})

describe('refinement reward', () => {
  // left ends at x = 420, the border of cells 15 and 16: cell 16 needs one step to the left and lands on 420 exactly.
  const inside = pointToCell(grid, 100, 100)
  const beside = pointToCell(grid, 425, 100)
  const far = pointToCell(grid, 800, 100)
  const narrow = rectangle(0, 0, 421, 840)

  it('has the six rows of the table', () => {
    const reward = (cell: number, offset: number) => refinementReward(grid, narrow, [cell], [offset])
    expect(reward(inside, STAY)).toBe(1)
    expect(reward(inside, 3)).toBe(1)
    expect(reward(inside, DELETE)).toBe(-1)
    expect(reward(beside, 3)).toBe(1)
    expect(reward(beside, DELETE)).toBe(0)
    expect(reward(beside, STAY)).toBe(0)
    expect(reward(beside, 5)).toBe(0)
    expect(reward(far, DELETE)).toBe(1)
    expect(refinementReward(grid, narrow, [pointToCell(grid, 410, 100)], [5])).toBe(1)
    expect(refinementReward(grid, rectangle(0, 0, 419, 840), [pointToCell(grid, 410, 100)], [5])).toBe(-1)
  })

  it('is 1 for the example of the paper: five stay, three come in, one is rightly deleted', () => {
    const cells = [...new Array(5).fill(inside), ...new Array(3).fill(beside), far]
    const offsets = [...new Array(5).fill(STAY), 3, 3, 3, DELETE]
    expect(refinementReward(grid, narrow, cells, offsets)).toBe(1)
  })

  it('is 0 where offsets are missing or there are no points', () => {
    expect(refinementReward(grid, narrow, [inside], [])).toBe(0)
    expect(refinementReward(grid, narrow, [], [])).toBe(0)
  })
})

describe('text rewards', () => {
  const vocabulary = getokVocabulary()
  const good =
    '<think>It is left.</think><answer><box><grid_0_0><grid_3_3></box><seg><grid_1_1><grid_2_2></seg></answer>'

  it('accept the form of the paper and nothing less', () => {
    expect(proposalFormatReward(good, vocabulary)).toBe(1)
    expect(proposalFormatReward(good.replace('<think>It is left.</think>', ''), vocabulary)).toBe(0)
    expect(proposalFormatReward(good.replace('</seg>', ''), vocabulary)).toBe(0)
    expect(proposalFormatReward(good.replace('<grid_3_3>', ''), vocabulary)).toBe(0)
    expect(proposalFormatReward(good.replace('<grid_3_3>', '<grid_3_99>'), vocabulary)).toBe(0)
    expect(proposalFormatReward('', vocabulary)).toBe(0)
  })

  it('want one offset for every grid word', () => {
    const offsets = '<offset><box>[OFF_0_0][OFF_1_0]</box>\n<seg><DELETE>[OFF_0_0]</seg></offset>'
    expect(refinementFormatReward(good, offsets, vocabulary)).toBe(1)
    expect(refinementFormatReward(good, offsets.replace('<DELETE>', ''), vocabulary)).toBe(0)
    expect(refinementFormatReward(good, good, vocabulary)).toBe(0)
  })

  it('allow one repeated sentence and not two', () => {
    expect(nonRepeatReward('A. B. A. C.')).toBe(1)
    expect(nonRepeatReward('A. B. A. B.')).toBe(0)
  })
})

describe('metrics', () => {
  it('count boxes at a threshold, missing ones as wrong', () => {
    const truths: BoxXyxyPx[] = [
      [0, 0, 10, 10],
      [0, 0, 10, 10],
      [0, 0, 10, 10],
    ]
    const said: (BoxXyxyPx | undefined)[] = [[0, 0, 10, 10], [0, 0, 10, 5], undefined]
    expect(boxAccuracy(said, truths, 0.5)).toBeCloseTo(2 / 3, 12)
    expect(boxAccuracy(said, truths, 0.8)).toBeCloseTo(1 / 3, 12)
    expect(() => boxAccuracy([], truths, 0.5)).toThrow(CodecError)
  })

  it('tell mean IoU from total IoU', () => {
    const bytes = (text: string) =>
      maskFromRowMajor({ widthPx: 4, heightPx: 1, bytes: Uint8Array.from(text, Number) })
    const scores = maskScores(
      [bytes('1100'), bytes('1000'), bytes('0000')],
      [bytes('1111'), bytes('1000'), bytes('0000')],
    )
    expect(scores.gIou).toBeCloseTo((0.5 + 1 + 1) / 3, 12)
    expect(scores.cIou).toBeCloseTo(3 / 5, 12)
  })

  it('let a mask be pointed at once', () => {
    const right = rectangle(420, 0, 840, 840)
    expect(pointingScores([10, 10, 20, 20, 800, 10], [left, right])).toEqual({
      precision: 2 / 3,
      recall: 1,
      f1: 0.8,
    })
    expect(pointingScores([], [])).toEqual({ precision: 1, recall: 1, f1: 1 })
    expect(pointingScores([], [left])).toEqual({ precision: 0, recall: 0, f1: 0 })
  })

  it('match lines by nearness, whatever their direction and vertices', () => {
    const lane = [0, 0, 0, 630]
    const same = [3, 630, 3, 300, 3, 0]
    expect(lineScores([same], [lane], { tolerancePx: 6 }).f1).toBe(1)
    expect(lineScores([same, [400, 0, 400, 630]], [lane], { tolerancePx: 6 })).toEqual({
      precision: 0.5,
      recall: 1,
      f1: 2 / 3,
    })
    expect(lineScores([[0, 0, 0, 150]], [lane], { tolerancePx: 6 }).f1).toBe(0)
    expect(() => lineScores([[1]], [lane], { tolerancePx: 6 })).toThrow(CodecError)
  })
})
