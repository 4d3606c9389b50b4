import { expect, it } from 'vitest'
import { finalWeights } from './stages.ts'

it('weights that nothing moved stay what they were, whatever the seed of the run', () => {
  const moved = { data: Float32Array.of(2), shape: [1] }
  const state = {
    step: 1,
    tensors: new Map([
      ['weight/moved', { ...moved, data: Float32Array.of(1) }],
      ['average/moved', moved],
    ]),
  }
  const before = new Map([
    ['moved', Float32Array.of(0)],
    ['still', Float32Array.of(7)],
  ])
  expect(finalWeights(state, before)).toEqual(
    new Map([
      ['moved', Float32Array.of(2)],
      ['still', Float32Array.of(7)],
    ]),
  )
})
