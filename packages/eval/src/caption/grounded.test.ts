import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { evaluateMetrics } from '../statistics/metric.ts'
import {
  comparePictureIds,
  evaluateGroundedCaptions,
  GROUNDED_CAPTION_METRICS,
  type GroundedCaptionSample,
  officialGroundedCaption,
  type PhraseMask,
} from './grounded.ts'
import { tokenF1 } from './text-similarity.ts'

/** A row of 10 pixels with `length` of them from `start` on. */
function bar(start: number, length: number, widthPx = 10): Mask {
  return maskFromRowMajor({
    widthPx,
    heightPx: 1,
    bytes: Uint8Array.from({ length: widthPx }, (_, x) => (x >= start && x < start + length ? 1 : 0)),
  })
}

const phrase = (text: string, mask: Mask): PhraseMask => ({ phrase: text, mask })
const sample = (
  id: number,
  truth: readonly PhraseMask[],
  found: readonly PhraseMask[] | undefined,
): GroundedCaptionSample => ({
  id,
  truth: { captions: ['a dog on grass'], phrases: truth },
  prediction: found && { caption: 'a dog on grass', phrases: found },
})

describe('grounded captions', () => {
  // IoU: dog 4 / 4, but called a cat; grass 3 / 4, called grass.
  const wrongName = sample(
    1,
    [phrase('a dog', bar(0, 4)), phrase('grass', bar(5, 4))],
    [phrase('a cat', bar(0, 4)), phrase('the grass', bar(5, 3))],
  )

  it('official: the pair of IoU 1 fails by its text, so the good pair behind it is never looked at', () => {
    expect(evaluateGroundedCaptions([wrongName], { mode: 'official' }).recall).toBe(0)
    expect(evaluateGroundedCaptions([wrongName], { mode: 'correct' }).recall).toBe(0.5)
  })

  it('official: truths without a partner cost no IoU; correct: they have 0', () => {
    const half = sample(
      1,
      [phrase('a dog', bar(0, 4)), phrase('grass', bar(5, 4))],
      [phrase('a dog', bar(0, 3))],
    )
    expect(evaluateGroundedCaptions([half], { mode: 'official' }).meanIou).toBe(0.75)
    expect(evaluateGroundedCaptions([half], { mode: 'correct' }).meanIou).toBe(0.375)
  })

  it('greedy pairs are official, best pairs correct', () => {
    // IoUs, truths by predictions: [4/5, 4/6], [2/6, 1/8]. Greedy takes 4/5 and 1/8, the best pairs are 4/6 and 2/6.
    const both = sample(
      1,
      [phrase('x', bar(2, 4)), phrase('y', bar(5, 3))],
      [phrase('x', bar(2, 5)), phrase('y', bar(0, 6))],
    )
    const meanIou = (mode: 'official' | 'correct') => evaluateGroundedCaptions([both], { mode }).meanIou
    expect(meanIou('official')).toBeCloseTo((4 / 5 + 1 / 8) / 2, 12)
    expect(meanIou('correct')).toBeCloseTo((4 / 6 + 2 / 6) / 2, 12)
  })

  it('AP50: picture 9 comes before picture 10 officially, as a number or as text', () => {
    const right = sample(9, [phrase('a dog', bar(0, 4))], [phrase('a dog', bar(0, 4))])
    const wrong = sample(10, [phrase('a cup', bar(0, 4))], [phrase('a cup', bar(5, 4))])
    for (const samples of [[wrong, right], [right, wrong].map((one) => ({ ...one, id: String(one.id) }))]) {
      // A hit, then a false alarm: precision 1 up to recall 0.5, which is 51 of the 101 points.
      const { ap50, detection } = evaluateGroundedCaptions(samples, { mode: 'official' })
      expect(ap50).toBeCloseTo(51 / 101, 12)
      expect(detection.rows.map(({ pictureId }) => Number(pictureId))).toEqual([9, 10])
    }
    const ids = ['b', 'file_val/10', 10, 'a', 'file_val/9', '9', '-3', 2 ** 53, '9007199254740993']
    expect(ids.sort(comparePictureIds)).toEqual([
      ...['-3', '9', 10, 2 ** 53, '9007199254740993', 'a', 'b', 'file_val/9', 'file_val/10'],
    ])
    expect(() => evaluateGroundedCaptions([right, right], { mode: 'official' })).toThrow('twice')
  })

  it('AP50: with all scores 1 the order of pictures decides officially, and nothing does correctly', () => {
    const right = sample(2, [phrase('a dog', bar(0, 4))], [phrase('a dog', bar(0, 4))])
    const wrong = sample(1, [], [phrase('a cup', bar(5, 4))])
    const afterwards = { ...wrong, id: 3 }
    const ap50 = (samples: GroundedCaptionSample[], mode: 'official' | 'correct') =>
      evaluateGroundedCaptions(samples, { mode }).ap50
    expect(ap50([wrong, right], 'official')).toBeCloseTo(0.5, 12)
    expect(ap50([right, afterwards], 'official')).toBeCloseTo(1, 12)
    expect(ap50([wrong, right], 'correct')).toBeCloseTo(0.5, 12)
    expect(ap50([right, afterwards], 'correct')).toBeCloseTo(0.5, 12)
  })

  it('a missing answer counts as an empty one, officially not in the text metrics', () => {
    const samples = [wrongName, sample(2, [phrase('a dog', bar(0, 4))], undefined)]
    const official = evaluateGroundedCaptions(samples, { mode: 'official' })
    const correct = evaluateGroundedCaptions(samples, { mode: 'correct' })
    expect(official.rows.map(({ status }) => status)).toEqual(['scored', 'missing'])
    expect(official.meteor).toBe(1)
    expect(correct.rows[1]!.values).toMatchObject({ meteor: 0, cider: 0, captions: 1, found: 0, phrases: 1 })
    expect(correct.recall).toBe(1 / 3)
  })

  it('a mask of another size matches nothing and is told', () => {
    const { rows, recall } = evaluateGroundedCaptions(
      [sample(1, [phrase('a dog', bar(0, 4))], [phrase('a dog', bar(0, 4, 12))])],
      { mode: 'correct' },
    )
    expect(recall).toBe(0)
    expect(rows[0]!.status).toBe('failed')
    expect(rows[0]!.reason).toContain('12 x 1, wanted 10 x 1')
    const odd = [phrase('a', bar(0, 1)), phrase('b', bar(0, 1, 12))]
    expect(() => evaluateGroundedCaptions([sample(1, odd, [])], { mode: 'correct' })).toThrow(
      '10 x 1 and 12 x 1',
    )
  })

  it('the correct recall is never below the official one, and all numbers stay within 0 and 1', () => {
    const drawn = fc
      .record({ name: fc.constantFrom('dog', 'cat', 'a dog'), start: fc.nat(8), length: fc.nat(6) })
      .map(({ name, start, length }) => phrase(name, bar(start, length)))
    const phrases = fc.array(drawn, { maxLength: 5 })
    fc.assert(
      fc.property(phrases, phrases, (truth, found) => {
        const [official, correct] = (['official', 'correct'] as const).map((mode) =>
          evaluateGroundedCaptions([sample(1, truth, found)], { mode }),
        )
        expect(official!.recall ?? 0).toBeLessThanOrEqual(correct!.recall ?? 0)
        for (const value of [official!.meanIou, correct!.meanIou, correct!.recall, official!.recall]) {
          expect(value ?? 0).toBeGreaterThanOrEqual(0)
          expect(value ?? 0).toBeLessThanOrEqual(1)
        }
      }),
      { numRuns: 100, seed: 3 },
    )
  })

  it('the rows give the same numbers back as sums', () => {
    const result = evaluateGroundedCaptions([wrongName, { ...wrongName, id: 2 }], { mode: 'correct' })
    const { meanIou, recall, cider } = result
    expect(evaluateMetrics(result.rows, GROUNDED_CAPTION_METRICS)).toMatchObject({ meanIou, recall, cider })
  })
})

it('text likeness: half of the words, articles and endings aside', () => {
  expect(tokenF1('the two dogs', 'two dog')).toBe(1)
  expect(tokenF1('a red car', 'a blue car')).toBe(0.5)
  expect(tokenF1('man', 'tree')).toBe(0)
  expect([tokenF1('', ''), tokenF1('.', '')]).toEqual([1, 0])
})

it('captions are prepared as the published script does it', () => {
  expect(officialGroundedCaption("'A <p>dog</p>  <|mt_start|>runs\nfast. < open'")).toBe(
    'A dog runsfast. < open',
  )
  expect(officialGroundedCaption('<'.repeat(100_000))).toHaveLength(100_000)
})
