import { describe, expect, it } from 'vitest'
import { matchesName } from './groups.ts'
import { constantSchedule, cosineSchedule, linearSchedule, withWarmUp } from './schedule.ts'

const rounded = (schedule: (step: number) => number, steps: number[]) =>
  steps.map((step) => Number(schedule(step).toFixed(6)))

describe('schedules', () => {
  it('cosine: the peak at 0, the middle half way, the end from the last step on', () => {
    const schedule = cosineSchedule({ peak: 1, end: 0.2, steps: 100 })
    expect(rounded(schedule, [0, 25, 50, 100, 500])).toEqual([1, 0.882843, 0.6, 0.2, 0.2])
  })
  it('linear: in equal steps to the end', () => {
    expect(rounded(linearSchedule({ peak: 1, steps: 4 }), [0, 1, 2, 3, 4, 9])).toEqual([
      1, 0.75, 0.5, 0.25, 0, 0,
    ])
  })
  it('warm-up: a quarter at the first of four steps, then the other schedule from its start', () => {
    const schedule = withWarmUp(4, linearSchedule({ peak: 2, steps: 2 }))
    expect(rounded(schedule, [0, 1, 2, 3, 4, 5, 6])).toEqual([0.5, 1, 1.5, 2, 2, 1, 0])
    expect(withWarmUp(0, constantSchedule(3))(0)).toBe(3)
  })
  it('refuse lengths of no steps and values that are no numbers', () => {
    expect(() => cosineSchedule({ peak: 1, steps: 0 })).toThrow('0 steps')
    expect(() => constantSchedule(Number.NaN)).toThrow('NaN is not a finite number')
  })
})

describe('name patterns', () => {
  it('fit whole names; a star stands for anything', () => {
    expect(matchesName('encoder.blocks.0.norm1.bias', 'encoder.*')).toBe(true)
    expect(matchesName('encoder.blocks.0.norm1.bias', '*.norm*.bias')).toBe(true)
    expect(matchesName('encoder.blocks.0.norm1.bias', 'blocks.*')).toBe(false)
    expect(matchesName('encoder', 'encoder')).toBe(true)
    expect(matchesName('encoder2', 'encoder')).toBe(false)
    expect(matchesName('aba', 'ab*ba')).toBe(false)
    expect(matchesName('head.weight', ['*.bias', /^head\./])).toBe(true)
  })
})
