import { describe, expect, it } from 'vitest'
import { fillMasks, taskQuestion } from './tasks.ts'

describe('questions in published words', () => {
  it('put what the user names in its place, lists in quotes, and refuse a text too few or too many', () => {
    expect(taskQuestion('segment', ' the $& dog ')).toBe('Please segment the $& dog in this image.')
    expect(taskQuestion('objects', 'cat, "big" dog')).toBe(
      'Please carefully check the image and detect the following objects: ["cat", "\\"big\\" dog"].',
    )
    expect(taskQuestion('region', undefined)).toBe('Given a detailed description of this region {mask}.')
    expect(() => taskQuestion('segment', ' ')).toThrow('the task segment needs a text')
    expect(() => taskQuestion('scene-graph', 'x')).toThrow('takes no text')
  })

  it('masks stand where the question points at them', () => {
    expect(fillMasks('{mask} and {mask}, {mask:1}', ['A', 'B'])).toBe('A and B, A')
    expect(fillMasks('{mask} is {mask}', ['A'])).toBe('A is A')
    expect(fillMasks('{mask:2}{mask:1}', ['$1', 'B'])).toBe('B$1')
    expect(fillMasks('no {masks} here', [])).toBe('no {masks} here')
    expect(() => fillMasks('{mask:3}', ['A', 'B'])).toThrow('a place {mask:3} for mask 3, and 2 are given')
    expect(() => fillMasks('{mask:1}', ['A', 'B'])).toThrow(
      '2 masks are given, and the question points at 1 of them',
    )
  })
})
