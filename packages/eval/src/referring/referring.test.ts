import { type Mask, maskFromRowMajor, union } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RowStatus, SampleRow } from '../row.ts'
import { evaluateMetrics, type Metric } from '../statistics/metric.ts'
import { answerBoxes, describeBoxSurvey, surveyBoxes } from './answer-box.ts'
import { boxIouXyxy, boxMetrics, boxOfMask, boxSetMetrics, scoreBox, scoreBoxSet } from './box.ts'
import { generalisedMetrics, scoreGeneralised } from './generalised.ts'
import { maskSetMetrics, scoreMaskSet } from './mask-set.ts'
import { maskOverlap } from './overlap.ts'
import { pairing } from './pairing.ts'
import { type ScoredValues, scoreSegmentation, segmentationMetrics } from './segmentation.ts'

/** A mask drawn in text: `#` is foreground. */
function drawn(...rows: string[]): Mask {
  const bytes = Uint8Array.from(rows.join(''), (character) => (character === '#' ? 1 : 0))
  return maskFromRowMajor({ widthPx: rows[0]!.length, heightPx: rows.length, bytes })
}
const left = drawn('##..', '##..')
const middle = drawn('.##.', '.##.')
const all = drawn('####', '####')
const none = drawn('....', '....')
const small = drawn('##', '##')

function totals(scored: readonly ScoredValues[], metrics: readonly Metric[]) {
  const rows: SampleRow[] = scored.map(({ values, status }, k) => ({
    id: String(k),
    status: status as RowStatus,
    values,
  }))
  return evaluateMetrics(rows, metrics)
}

describe('RES', () => {
  const samples = [
    { prediction: middle, truth: left }, // I 2, U 6
    { prediction: all, truth: all }, // I 8, U 8
    { prediction: none, truth: left }, // I 0, U 4
    { prediction: none, truth: none }, // both empty
  ]

  it('mean and cumulative IoU are (1/3 + 1 + 0 + 1) / 4 and 10 / 18', () => {
    const values = totals(
      samples.map((sample) => scoreSegmentation(sample, { mode: 'correct' })),
      segmentationMetrics('correct'),
    )
    expect(values['meanIou']).toBeCloseTo(7 / 12, 14)
    expect(values['cumulativeIou']).toBeCloseTo(10 / 18, 14)
    expect(values['precision@0.5']).toBe(0.5)
    // Twice the intersection over both areas: 2 * 2 / (4 + 4), 1, 0, 1.
    expect(values['meanDice']).toBeCloseTo((1 / 2 + 1 + 0 + 1) / 4, 14)
  })

  it('official numbers have 1e-5 in each union and 1e-10 in the union of all', () => {
    const values = totals(
      samples.map((sample) => scoreSegmentation(sample, { mode: 'official' })),
      segmentationMetrics('official'),
    )
    expect(values['meanIou']).toBe((2 / (6 + 1e-5) + 8 / (8 + 1e-5) + 0 + 1) / 4)
    expect(values['cumulativeIou']).toBe(10 / (18 + 1e-10))
  })

  it('the script of ReasonSeg adds 1e-10 and counts an answer of another size as 0', () => {
    const score = (prediction: Mask | undefined, truth: Mask) =>
      scoreSegmentation({ prediction, truth }, { mode: 'official', script: 'reasonseg' })
    expect(score(left, all).values['iou']).toBe(4 / (8 + 1e-10))
    expect(score(small, all)).toMatchObject({ status: 'failed', values: { samples: 1, iou: 0, unionPx: 8 } })
    expect(score(undefined, all)).toEqual({ status: 'missing', values: {} })
    expect(score(none, none).values['iou']).toBe(1)
  })

  it('no answer and an answer of another size are wrong, or left out in official mode', () => {
    for (const prediction of [undefined, small]) {
      const right = { prediction: left, truth: left }
      const score = (mode: 'correct' | 'official') =>
        totals(
          [right, { prediction, truth: all }].map((sample) => scoreSegmentation(sample, { mode })),
          segmentationMetrics(mode),
        )
      expect(score('correct')).toMatchObject({ meanIou: 0.5, cumulativeIou: 4 / 12 })
      expect(score('official')['cumulativeIou']).toBeCloseTo(1, 9)
    }
    expect(scoreSegmentation({ prediction: undefined, truth: none }, { mode: 'correct' }).values['iou']).toBe(
      0,
    )
    expect(scoreSegmentation({ prediction: small, truth: left }, { mode: 'correct' })).toMatchObject({
      status: 'failed',
      reason: 'the mask is 2 x 2, the truth 4 x 2 (width x height)',
    })
  })

  it('a threshold is met by an IoU that equals it', () => {
    const half = scoreSegmentation({ prediction: drawn('#...'), truth: drawn('##..') }, { mode: 'correct' })
    expect(half.values).toMatchObject({ iou: 0.5, 'iouAtLeast0.5': 1, 'iouAtLeast0.6': 0 })
  })
})

describe('ReasonSeg', () => {
  // Truth 2 px, ignored 1 px; the prediction has 1 px of each and 1 px beside them.
  const sample = { prediction: drawn('.###.'), truth: drawn('##...'), ignored: drawn('..#..') }
  const overlap = (rule: 'exclude' | 'count-as-hit' | 'background') => {
    const { intersectionPx, unionPx } = maskOverlap(sample.prediction, sample.truth, {
      mask: sample.ignored,
      rule,
    })
    return [intersectionPx, unionPx]
  }

  it('ignored pixels are left out, count as hits, or are background: 1/3, 2/4, 1/4', () => {
    expect(overlap('exclude')).toEqual([1, 3])
    expect(overlap('count-as-hit')).toEqual([2, 4])
    expect(overlap('background')).toEqual([1, 4])
  })

  it('correct mode leaves them out, official mode takes them as background', () => {
    expect(scoreSegmentation(sample, { mode: 'correct' }).values['iou']).toBe(1 / 3)
    expect(scoreSegmentation(sample, { mode: 'official' }).values['iou']).toBe(1 / (4 + 1e-5))
  })
})

describe('GRES', () => {
  const samples = [
    { prediction: none, truth: none }, // rightly none
    { prediction: left, truth: none }, // 4 px of union only
    { prediction: none, truth: left }, // wrongly none
    { prediction: middle, truth: left }, // I 2, U 6
    { prediction: all, truth: all }, // I 8, U 8
  ]
  const score = (mode: 'correct' | 'official', more: { prediction: Mask | undefined; truth: Mask }[] = []) =>
    totals(
      [...samples, ...more].map((sample) => scoreGeneralised(sample, { mode })),
      generalisedMetrics(mode),
    )

  it('N-acc 1/2, T-acc 2/3, mean (1 + 0 + 0 + 1/3 + 1) / 5, cumulative 10 / (4 + 4 + 6 + 8)', () => {
    const values = score('correct')
    expect(values['noTargetAccuracy']).toBe(0.5)
    expect(values['targetAccuracy']).toBe(2 / 3)
    expect(values['meanIou']).toBeCloseTo(7 / 15, 14)
    expect(values['cumulativeIou']).toBeCloseTo(10 / 22, 14)
  })

  it('official adds 1e-8 and 1e-10', () => {
    const values = score('official')
    expect(values['meanIou']).toBe((1 + 2 / (6 + 1e-8) + 8 / (8 + 1e-8)) / 5)
    expect(values['cumulativeIou']).toBe(10 / (22 + 1e-10))
  })

  it('no answer is not "no target": correct mode counts it as wrong, official mode does not see it', () => {
    const missing = [{ prediction: undefined, truth: none }]
    expect(score('correct', missing)['noTargetAccuracy']).toBe(1 / 3)
    expect(score('official', missing)).toEqual(score('official'))
  })

  it('an answer of another size counts for T-acc in official mode, and for nothing else', () => {
    const values = score('official', [{ prediction: small, truth: left }])
    expect(values['targetAccuracy']).toBe(3 / 4)
    expect(values['meanIou']).toBe(score('official')['meanIou'])
    expect(score('correct', [{ prediction: small, truth: left }])['targetAccuracy']).toBe(2 / 4)
  })

  it('without any no-target sample N-acc has no value', () => {
    const only = [scoreGeneralised({ prediction: all, truth: all }, { mode: 'correct' })]
    expect(totals(only, generalisedMetrics('correct'))['noTargetAccuracy']).toBeNull()
  })
})

describe('REC', () => {
  it('IoU of [0,0,10,10] and [5,0,15,10] is 50 / 150; boxes without area share nothing', () => {
    expect(boxIouXyxy([0, 0, 10, 10], [5, 0, 15, 10])).toBe(1 / 3)
    expect(boxIouXyxy([3, 3, 3, 9], [0, 0, 10, 10])).toBe(0)
  })

  it('accuracies at 0.5, 0.7, 0.8, 0.9 of IoUs 1, 0.75, 0.6, none, and no box', () => {
    const truth = [0, 0, 10, 10] as const
    const boxes = [[0, 0, 10, 10], [0, 0, 10, 7.5], [0, 0, 10, 6], null] as const
    const scored = [...boxes, undefined].map((prediction) =>
      scoreBox({ prediction, truth }, { mode: 'correct' }),
    )
    const values = totals(scored, boxMetrics())
    expect([0.5, 0.7, 0.8, 0.9].map((t) => values[`accuracy@${t}`])).toEqual([0.6, 0.4, 0.2, 0.2])
    const official = scoreBox({ prediction: undefined, truth }, { mode: 'official' })
    expect(official).toEqual({ values: {}, status: 'missing' })
  })

  it('the box of a mask ends behind its last pixel, and one pixel earlier in official mode', () => {
    const mask = drawn('....', '.##.', '.##.')
    expect(boxOfMask(mask, 'correct')).toEqual([1, 1, 3, 3])
    expect(boxOfMask(mask, 'official')).toEqual([1, 1, 2, 2])
    expect(boxOfMask(none, 'correct')).toBeUndefined()
  })

  it('numbers in an answer are shares of 1 up to a sum of 4, else 999ths', () => {
    const size = { widthPx: 999, heightPx: 1998 }
    expect(answerBoxes('the box is [0, 999, 999,999].', size)).toEqual([[0, 1998, 999, 1998]])
    expect(answerBoxes('[[0.25, 0.5, 0.5, 1.0]]', size)).toEqual([[249.75, 999, 499.5, 1998]])
    expect(answerBoxes('[1, 2, 3, 4]', size, { format: 'pixels' })).toEqual([[1, 2, 3, 4]])
    expect(answerBoxes('There is none.', size)).toEqual([])
    expect(() => answerBoxes('[1, 2, 3] [a, b, c, d]', size)).toThrow('a box that cannot be read')
  })

  it('a number above 1000 in one answer of a run says that all are in pixels', () => {
    const size = { widthPx: 1280, heightPx: 720 }
    const answers = [
      { id: 'a', text: '[{"bbox_2d": [1000, 300, 1200, 600], "label": "x"}]' },
      { id: 'b', text: '<think>[1, 2, 3]</think>(100,200),(300,400)' },
      { id: 'c', text: '[0.5, 0.5, 1, 1]' },
      { id: 'd', text: 'no idea [3, 4' },
    ]
    const survey = surveyBoxes(answers)
    expect(survey).toMatchObject({ answers: 3, unreadable: 1, units: { pixels: 2, 'shares of 1': 1 } })
    expect(describeBoxSurvey(survey)).toBe(
      'boxes were read as 2 in pixels, 1 in shares of 1: 1200 in the answer to "a" cannot be a thousandth',
    )
    expect(answerBoxes(answers[1]!.text, size, { survey })).toEqual([[100, 200, 300, 400]])
    expect(answerBoxes(answers[1]!.text, size)).toEqual([
      [(100 / 999) * 1280, (200 / 999) * 720, (300 / 999) * 1280, (400 / 999) * 720],
    ])
    expect(answerBoxes('<|box_start|>(250,500),(0,0)<|box_end|>', size)).toEqual([[0, 0, 320, 360]])
    expect(() => answerBoxes('[1000, 300, 1900, 600]', size)).toThrow('neither in thousandths nor in pixels')
  })

  it('sets of boxes: all right only where every box is found and none is too many', () => {
    const [a, b, far] = [[0, 0, 10, 10] as const, [20, 0, 30, 10] as const, [90, 90, 99, 99] as const]
    const score = (prediction: readonly (typeof a)[] | undefined, truth: readonly (typeof a)[]) =>
      scoreBoxSet({ prediction, truth } as Parameters<typeof scoreBoxSet>[0], { mode: 'correct' })
    const values = totals(
      [
        score([b, a] as never, [a, b] as never),
        score([a, far] as never, [a]),
        score([], []),
        score([a], []),
        score(undefined, []),
      ],
      boxSetMetrics(),
    )
    expect(values).toMatchObject({
      allRightAccuracy: 2 / 5,
      precision: 3 / 5,
      recall: 1,
      f1: 6 / 8,
      noTargetAccuracy: 1 / 3,
      targetAccuracy: 1,
    })
    expect(values['meanSampleF1']).toBeCloseTo((1 + 2 / 3 + 1 + 0 + 0) / 5, 14)
  })

  it('one box cannot take two truths', () => {
    const box = [0, 0, 10, 10] as const
    const { values } = scoreBoxSet({ prediction: [box], truth: [box, box] }, { mode: 'correct' })
    expect(values).toMatchObject({ right: 1, allRight: 0, f1: 2 / 3 })
  })
})

describe('MMR', () => {
  const [a, b, c] = [drawn('##....'), drawn('..##..'), drawn('....##')]

  it('masks are paired whatever their order; a missing one is empty, in both modes', () => {
    expect(
      totals(
        [scoreMaskSet({ prediction: [b, a], truth: [a, b] }, { mode: 'correct' })],
        maskSetMetrics('correct'),
      ),
    ).toEqual({
      meanIou: 1,
      cumulativeIou: 1,
      recall: 1,
      precision: 1,
    })
    const half = scoreMaskSet({ prediction: [b], truth: [a, b] }, { mode: 'official' })
    expect(totals([half], maskSetMetrics('official'))['meanIou']).toBe(2 / (2 + 1e-5) / 2)
  })

  it('a mask too many costs nothing in official mode, and a pair with nothing in correct mode', () => {
    const sample = { prediction: [a, b, c], truth: [a, b] }
    const official = totals([scoreMaskSet(sample, { mode: 'official' })], maskSetMetrics('official'))
    const correct = totals([scoreMaskSet(sample, { mode: 'correct' })], maskSetMetrics('correct'))
    expect(official['meanIou']).toBeCloseTo(1, 5)
    expect(correct).toMatchObject({ meanIou: 2 / 3, cumulativeIou: 4 / 6, recall: 1, precision: 2 / 3 })
  })

  it('the mean is over masks, not over answers: (1 + 0 + 0) / 3 and not (1 + 0) / 2', () => {
    const scored = [
      scoreMaskSet({ prediction: [a], truth: [a] }, { mode: 'correct' }),
      scoreMaskSet({ prediction: [], truth: [a, b] }, { mode: 'correct' }),
    ]
    expect(totals(scored, maskSetMetrics('correct'))['meanIou']).toBe(1 / 3)
  })

  it('of pairings with one sum official mode takes SciPy’s for truths by answers', () => {
    // Answers a | b, a; truths a | b, b. IoU, truths by answers: 1, 1/2; 1/2, 0. Both pairings have 1.
    const joint = union(a, b)
    const pairOf = (prediction: Mask[], truth: Mask[]) =>
      scoreMaskSet({ prediction, truth }, { mode: 'official' }).values['found']
    expect(pairOf([joint, a], [joint, b])).toBe(1)
    expect(pairOf([a, joint], [joint, b])).toBe(1)
  })

  it('the pairing with the largest sum wins over the greedy one', () => {
    // Greedy takes 0.9 and leaves 0.1: 1.0 < 0.8 + 0.7.
    expect([...pairing(Float64Array.of(0.9, 0.8, 0.7, 0.1), 2, 2)]).toEqual([1, 0])
    expect([...pairing(Float64Array.of(0.2, 0.9, 0.4), 3, 1)]).toEqual([-1, 0, -1])
    expect([...pairing(new Float64Array(4), 2, 2)]).toEqual([0, 1])
  })
})

describe('properties', () => {
  const mask = fc
    .array(fc.boolean(), { minLength: 12, maxLength: 12 })
    .map((bits) => maskFromRowMajor({ widthPx: 4, heightPx: 3, bytes: Uint8Array.from(bits, Number) }))
  const sample = fc.record({ prediction: mask, truth: mask })

  it('IoU is symmetric and from 0 to 1; 1 exactly for equal masks', () => {
    fc.assert(
      fc.property(mask, mask, (a, b) => {
        const iou = (p: Mask, t: Mask) =>
          scoreSegmentation({ prediction: p, truth: t }, { mode: 'correct' }).values['iou']!
        const value = iou(a, b)
        expect(iou(b, a)).toBe(value)
        expect(value).toBeGreaterThanOrEqual(0)
        expect(value).toBeLessThanOrEqual(1)
        expect(value === 1).toBe(String(a.edges) === String(b.edges))
      }),
    )
  })

  it('cumulative IoU of one sample is its IoU, where there is a pixel at all', () => {
    fc.assert(
      fc.property(sample, (one) => {
        const scored = scoreSegmentation(one, { mode: 'correct' })
        const { cumulativeIou, meanIou } = totals([scored], segmentationMetrics('correct'))
        expect(cumulativeIou).toBe(scored.values['unionPx'] === 0 ? null : meanIou)
      }),
    )
  })

  it('the order of samples and of masks does not matter in correct mode', () => {
    fc.assert(
      fc.property(fc.array(sample, { minLength: 1, maxLength: 8 }), (samples) => {
        const gres = (list: typeof samples) =>
          totals(
            list.map((one) => scoreGeneralised(one, { mode: 'correct' })),
            generalisedMetrics('correct'),
          )
        expect(gres([...samples].reverse())).toEqual(gres(samples))
        const set = {
          prediction: samples.map((one) => one.prediction),
          truth: samples.map((one) => one.truth),
        }
        const turned = { prediction: [...set.prediction].reverse(), truth: set.truth }
        const iou = (one: typeof set) => scoreMaskSet(one, { mode: 'correct' }).values['iou']!
        expect(iou(turned)).toBeCloseTo(iou(set), 12)
      }),
    )
  })

  it('no pairing of a few masks has a larger sum than the one found', () => {
    const gains = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 9, maxLength: 9 })
    const orders = [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]
    fc.assert(
      fc.property(gains, (values) => {
        const sum = (order: ArrayLike<number>) =>
          [0, 1, 2].reduce((total, p) => total + values[3 * p + order[p]!]!, 0)
        const found = sum(pairing(Float64Array.from(values), 3, 3))
        expect(found).toBeGreaterThanOrEqual(Math.max(...orders.map(sum)) - 1e-12)
      }),
    )
  })
})
