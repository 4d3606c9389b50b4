// Layers under one key of a state dict, as transformers' Qwen modules name them, and rotary tables.
import type { Tensor } from '@maskwords/graph'
import { concat, constant, cos, linear, multiply, parameter, rmsNorm, sin, sum } from '@maskwords/graph'

/** x [..., from] to [..., to]. */
export function linearAt(x: Tensor, key: string, to: number, options: { bias: boolean }): Tensor {
  const from = x.shape.at(-1) as number
  return linear(
    x,
    parameter(`${key}.weight`, [to, from]),
    options.bias ? parameter(`${key}.bias`, [to]) : undefined,
  )
}

/** RMS norm over the last axis. */
export function rmsNormAt(x: Tensor, key: string, epsilon: number): Tensor {
  return rmsNorm(x, parameter(`${key}.weight`, [x.shape.at(-1) as number]), { epsilon })
}

/** theta^(-i / count) for i below `count`, rounded where torch rounds to float32. */
export function inverseFrequencies(count: number, theta: number): Float32Array {
  return Float32Array.from(
    { length: count },
    (_, i) => 1 / Math.fround(theta ** Math.fround((2 * i) / (2 * count))),
  )
}

/**
 * cos and sin of the angles position x frequency, where frequency j follows row `axisOf[j]` of positions; pairs are
 * (j, j + count), so every table is given twice along its last axis: positions [axes, ...] float32 -> [..., 2 count].
 */
export function rotaryTables(
  positions: Tensor,
  frequencies: Float32Array,
  axisOf: readonly number[],
): { cos: Tensor; sin: Tensor } {
  const axes = positions.shape[0] as number
  const count = frequencies.length
  const factors = new Float32Array(axes * count)
  axisOf.forEach((axis, j) => {
    factors[axis * count + j] = frequencies[j]!
  })
  const ones = new Array<number>(positions.rank - 1).fill(1)
  // One product a frequency is not zero, so the sum over the axes adds nothing that would be rounded.
  const spread = multiply(positions.unsqueeze(-1), constant(factors, { shape: [axes, ...ones, count] }))
  const angles = sum(spread, 0)
  const twice = concat([angles, angles], -1)
  return { cos: cos(twice), sin: sin(twice) }
}
