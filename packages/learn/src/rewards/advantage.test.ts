// Advantages: values by hand, groups that do not touch each other, and samples that failed.

import { groupAdvantages } from '@maskwords/codecs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ADVANTAGE_STYLES, groupedAdvantages, LearnError, scoreBatch } from '../index.ts'

/** In thousandths. */
const rounded = (values: ArrayLike<number>) => Array.from(values, (value) => Math.round(value * 1e3))

describe('advantages', () => {
  it('divide by the deviation with n - 1, with n, or by nothing', () => {
    const rewards = [1, 0, 0, 1]
    expect(rounded(groupedAdvantages(rewards))).toEqual([866, -866, -866, 866])
    expect(rounded(groupedAdvantages(rewards, undefined, { deviation: 'population' }))).toEqual([
      1000, -1000, -1000, 1000,
    ])
    expect(rounded(groupedAdvantages(rewards, undefined, ADVANTAGE_STYLES['dr-grpo']))).toEqual([
      500, -500, -500, 500,
    ])
    expect(groupedAdvantages([0, 1], undefined, { epsilon: 0.5 })[1]).toBeCloseTo(
      0.5 / (Math.SQRT1_2 + 0.5),
      12,
    )
  })
  it('are taken within groups, whatever their order', () => {
    const mixed = groupedAdvantages([1, 5, 3, 9], ['a', 'b', 'a', 'b'])
    expect(rounded(mixed)).toEqual([-707, -707, 707, 707])
  })
  it('are 0 for one alone, for equal rewards and for samples that failed, which count for nobody', () => {
    expect([...groupedAdvantages([3])]).toEqual([0])
    expect([...groupedAdvantages([0.1, 0.1, 0.1])]).toEqual([0, 0, 0])
    expect(rounded(groupedAdvantages([1, null, 0, Number.NaN]))).toEqual([707, 0, -707, 0])
    expect(() => groupedAdvantages([Number.POSITIVE_INFINITY, 1])).toThrow(LearnError)
    expect(() => groupedAdvantages([1], ['a', 'b'])).toThrow(LearnError)
  })
  it("sum to 0 in every group, and equal GETok's with the population deviation", () => {
    const reward = fc.double({ min: -10, max: 10, noNaN: true })
    fc.assert(
      fc.property(fc.array(reward, { minLength: 2, maxLength: 16 }), (rewards) => {
        const sum = groupedAdvantages(rewards).reduce((a, b) => a + b, 0)
        expect(Math.abs(sum)).toBeLessThan(1e-6)
        if (new Set(rewards).size === 1) return
        const ours = groupedAdvantages(rewards, undefined, { deviation: 'population' })
        const theirs = groupAdvantages(rewards)
        for (const [k, value] of ours.entries()) expect(value).toBeCloseTo(theirs[k]!, 6)
      }),
    )
  })
  it('come with a batch when asked for', () => {
    const samples = ['No target.', 'x', 5, 'No target.'].map((response, k) => ({
      response,
      truth: '',
      group: k >> 1,
    }))
    const { advantages } = scoreBatch({ rewards: ['no-target'], samples: samples as never, advantages: {} })
    expect(rounded(advantages!)).toEqual([707, -707, 0, 0])
  })
})
