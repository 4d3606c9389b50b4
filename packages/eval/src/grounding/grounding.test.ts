import { emptyMask, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { setMetrics } from '../referring/box.ts'
import type { ScoredValues } from '../referring/segmentation.ts'
import { evaluateMetrics, type Metric } from '../statistics/metric.ts'
import { groundingMaskMetrics, scoreGroundingMask } from './grounding-suite.ts'
import { mergeSmallestOnTop, scoreSemantic, semanticMetrics } from './open-vocabulary.ts'
import { maskHasPoint, scoreLines, scorePoints } from './points.ts'

function drawn(...rows: string[]): Mask {
  const bytes = Uint8Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0))
  return maskFromRowMajor({ widthPx: rows[0]!.length, heightPx: rows.length, bytes })
}
const totals = (scored: readonly ScoredValues[], metrics: readonly Metric[]) =>
  evaluateMetrics(
    scored.map((one, k) => ({ id: String(k), ...one })),
    metrics,
  )

describe('open vocabulary', () => {
  const sky = drawn('####', '####')
  const bird = drawn('.##.', '....')

  it('a pixel that two classes claim goes to the smaller mask', () => {
    const merged = mergeSmallestOnTop([
      { name: 'sky', mask: sky },
      { name: 'bird', mask: bird },
    ])
    expect(merged).toEqual([
      { name: 'bird', mask: bird },
      { name: 'sky', mask: drawn('#..#', '####') },
    ])
  })

  it('of equal masks the name that sorts first has the pixels', () => {
    const merged = mergeSmallestOnTop([
      { name: 'b', mask: bird },
      { name: 'a', mask: bird },
    ])
    expect(merged).toEqual([
      { name: 'a', mask: bird },
      { name: 'b', mask: emptyMask(4, 2) },
    ])
  })

  it('mean IoU is over classes of the truth, summed over pictures: bird 1/2, sky 6/8', () => {
    const truth = [
      { name: 'sky', mask: drawn('#..#', '####') },
      { name: 'bird', mask: bird },
    ]
    const prediction = [
      { name: 'sky', mask: drawn('#...', '####') },
      { name: 'bird', mask: drawn('.###', '....') },
    ]
    const scored = [scoreSemantic({ prediction, truth }, { mode: 'correct' })]
    const values = totals(scored, semanticMetrics(['bird', 'sky', 'tree']))
    // bird: I 2, U 3; sky: I 5, U 6; tree is nowhere.
    expect(values['meanClassIou']).toBeCloseTo((2 / 3 + 5 / 6) / 2, 14)
    expect(values['pixelAccuracy']).toBe(7 / 8)
  })

  it('ignored pixels count for nobody; no answer misses everything; a mask of another size is named', () => {
    const truth = [{ name: 'sky', mask: drawn('##..') }]
    const prediction = [{ name: 'sky', mask: drawn('###.') }]
    const ignored = drawn('..#.')
    const values = (sample: Parameters<typeof scoreSemantic>[0]) =>
      totals([scoreSemantic(sample, { mode: 'correct' })], semanticMetrics(['sky']))['meanClassIou']
    expect(values({ prediction, truth, ignored })).toBe(1)
    expect(values({ prediction, truth })).toBe(2 / 3)
    expect(values({ prediction: undefined, truth })).toBe(0)
    expect(
      scoreSemantic({ prediction: [{ name: 'sky', mask: drawn('#') }], truth }, { mode: 'correct' }).reason,
    ).toBe('sky: the mask is 1 x 1, the truth 4 x 1 (width x height)')
  })
})

describe('pointing', () => {
  const [a, b] = [drawn('##..'), drawn('..##')]

  it('two points in one mask are one right and one wrong: precision 1/2, recall 1/2, F1 1/2', () => {
    const scored = scorePoints({ prediction: [0.5, 0.5, 1.5, 0.5], truth: [a, b] }, { mode: 'correct' })
    expect(totals([scored], setMetrics('points'))).toEqual({
      precision: 0.5,
      recall: 0.5,
      f1: 0.5,
      meanSampleF1: 0.5,
    })
  })

  it('the pairing with the most right points counts where masks overlap', () => {
    const wide = drawn('####')
    const { values } = scorePoints(
      { prediction: [0.5, 0.5, 3.5, 0.5], truth: [wide, a] },
      { mode: 'correct' },
    )
    expect(values).toMatchObject({ right: 2, f1: 1 })
  })

  it('nothing to find and nothing said is F1 1, no answer is F1 0', () => {
    expect(scorePoints({ prediction: [], truth: [] }, { mode: 'correct' }).values['f1']).toBe(1)
    expect(scorePoints({ prediction: undefined, truth: [] }, { mode: 'correct' }).values['f1']).toBe(0)
    expect(scorePoints({ prediction: undefined, truth: [] }, { mode: 'official' }).values).toEqual({})
  })

  it('a point on the right or lower border is in the last pixel, one outside in none', () => {
    expect([maskHasPoint(b, 4, 1), maskHasPoint(b, 4.1, 0.5), maskHasPoint(b, Number.NaN, 0)]).toEqual([
      true,
      false,
      false,
    ])
  })
})

describe('lines', () => {
  const level = [0, 10, 100, 10]
  const score = (prediction: number[][] | undefined, truth: number[][], tolerancePx = 5) =>
    scoreLines({ prediction, truth }, { mode: 'correct', tolerancePx }).values

  it('a line beside the other is right up to the tolerance, in either direction', () => {
    expect(score([[100, 14, 0, 14]], [level])).toMatchObject({ right: 1, f1: 1 })
    expect(score([[0, 16, 100, 16]], [level])).toMatchObject({ right: 0, f1: 0 })
  })

  it('a third of a line agrees by 2 * 1 * r / (1 + r) with the share r = 22 of 64 that is near', () => {
    // Half of the harmonic mean of 1 and r is r / (1 + r): 22 / 86 < 0.5, so the pair is right only below 0.512.
    const third = [0, 10, 100 / 3, 10]
    const at = (leastAgreement: number) =>
      scoreLines(
        { prediction: [third], truth: [level] },
        { mode: 'correct', tolerancePx: 0.9, leastAgreement },
      ).values['right']
    expect([at(0.5), at(0.53)]).toEqual([1, 0])
  })

  it('a line too many and a line that is missing both cost', () => {
    const far = [0, 90, 100, 90]
    expect(score([level, far], [level, [0, 50, 100, 50]])).toMatchObject({
      right: 1,
      predicted: 2,
      truths: 2,
      f1: 0.5,
    })
    expect(() => score([[1, 2, 3]], [level])).toThrow('a line need pairs x, y; got 3 numbers')
  })
})

describe('GroundingSuite', () => {
  it('official leaves samples without an answer out, correct counts them as 0', () => {
    const right = { prediction: drawn('##'), truth: drawn('##') }
    const missing = { prediction: undefined, truth: drawn('##') }
    const mean = (mode: 'correct' | 'official') =>
      totals(
        [right, missing].map((one) => scoreGroundingMask(one, { mode })),
        groundingMaskMetrics(),
      )['meanIou']
    expect([mean('correct'), mean('official')]).toEqual([0.5, 1])
  })
})
