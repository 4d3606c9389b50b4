// Layers under one key of a state dict, as transformers' Qwen modules name them, and rotary tables.
import type { Dim, Tensor } from '@maskwords/graph'
import {
  add,
  concat,
  constant,
  cos,
  fusedRotary,
  linear,
  multiply,
  multiplyDims,
  parameter,
  range,
  rmsNorm,
  rotary,
  sin,
  sum,
} from '@maskwords/graph'

/** x [..., from] to [..., to], with what `beside` adds. */
export function linearAt(
  x: Tensor,
  key: string,
  to: number,
  options: { readonly bias: boolean } & Pick<QwenGraphOptions, 'beside'>,
): Tensor {
  const from = x.shape.at(-1) as number
  const own = linear(
    x,
    parameter(`${key}.weight`, [to, from]),
    options.bias ? parameter(`${key}.bias`, [to]) : undefined,
  )
  const more = options.beside?.(x, key, to)
  return more === undefined ? own : add(own, more)
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
 * The angles position x frequency, where frequency j follows row `axisOf[j]` of positions: positions [axes, ...] float32 ->
 * [..., count].
 */
function rotaryAngles(positions: Tensor, frequencies: Float32Array, axisOf: readonly number[]): Tensor {
  const axes = positions.shape[0] as number
  const count = frequencies.length
  const factors = new Float32Array(axes * count)
  axisOf.forEach((axis, j) => {
    factors[axis * count + j] = frequencies[j]!
  })
  const ones = new Array<number>(positions.rank - 1).fill(1)
  // One product a frequency is not zero, so the sum over the axes adds nothing that would be rounded.
  return sum(multiply(positions.unsqueeze(-1), constant(factors, { shape: [axes, ...ones, count] })), 0)
}

/** How a network is written. */
export type QwenGraphOptions = {
  /** Kernels are used that have no gradient. Default false. */
  readonly inference?: boolean
  /**
   * What is added to the output [..., to] of the linear layer with this key (`model.layers.0.self_attn.q_proj`) for its input
   * x [..., from], such as a low-rank adapter's; undefined adds nothing. Heads and embeddings are no such layers.
   */
  readonly beside?: ((x: Tensor, key: string, to: number) => Tensor | undefined) | undefined
  /** Text layers keep only their outputs for the way back and are computed a second time there. Default false. */
  readonly recompute?: boolean
}

/** Rotations of a graph, made once and used in every layer. */
export type Rotation = {
  /** x [batch, tokens, heads x width] as [batch, tokens, heads, width], turned. */
  turn(x: Tensor, heads: number): Tensor
  /** [batch, tokens, width]; pairs are (j, j + width / 2), so every table is given twice. */
  readonly cos: Tensor
  readonly sin: Tensor
}

/** Rotations for positions [axes, batch, tokens] float32. */
export function rotationOf(
  positions: Tensor,
  frequencies: Float32Array,
  axisOf: readonly number[],
  options: QwenGraphOptions,
): Rotation {
  const angles = rotaryAngles(positions, frequencies, axisOf)
  const twice = concat([angles, angles], -1)
  const tables = { cos: cos(twice), sin: sin(twice) }
  const [batch, tokens] = angles.shape as readonly [Dim, Dim, number]
  const split = (x: Tensor, heads: number) => x.reshape([batch, tokens, heads, -1])
  if (!options.inference) {
    return {
      ...tables,
      turn: (x, heads) => rotary(split(x, heads), tables.cos.unsqueeze(2), tables.sin.unsqueeze(2)),
    }
  }
  const flat = angles.reshape([-1, frequencies.length])
  const [flatCos, flatSin] = [cos(flat), sin(flat)]
  const rows = range(multiplyDims(batch, tokens)).reshape([batch, tokens])
  return { ...tables, turn: (x, heads) => split(fusedRotary(x, rows, flatCos, flatSin), heads) }
}
