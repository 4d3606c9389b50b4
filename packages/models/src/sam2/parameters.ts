// Layers under one key of a state dict, as the SAM 2 modules name them.
import type { Shape, Tensor } from '@maskwords/graph'
import { conv, layerNorm, linear, parameter, relu, sqrt, subtract } from '@maskwords/graph'

/** x [..., from] to [..., to]. */
export function linearAt(x: Tensor, key: string, to: number): Tensor {
  const from = x.shape.at(-1) as number
  return linear(x, parameter(`${key}.weight`, [to, from]), parameter(`${key}.bias`, [to]))
}

/** Layer norm over the last axis. */
export function normAt(x: Tensor, key: string, epsilon: number): Tensor {
  const width = x.shape.at(-1) as number
  return layerNorm(x, {
    weight: parameter(`${key}.weight`, [width]),
    bias: parameter(`${key}.bias`, [width]),
    epsilon,
  })
}

/** Layer norm over the channels of [batch, channels, height, width], epsilon 1e-6. */
export function channelNormAt(x: Tensor, key: string): Tensor {
  const channels = x.shape[1] as number
  const centred = subtract(x, x.mean(1, { keepDims: true }))
  const spread = sqrt(centred.mul(centred).mean(1, { keepDims: true }).add(1e-6))
  const each: Shape = [1, channels, 1, 1]
  return centred
    .div(spread)
    .mul(parameter(`${key}.weight`, [channels]).reshape(each))
    .add(parameter(`${key}.bias`, [channels]).reshape(each))
}

/** A convolution whose kernel is as wide as its stride. */
export function patchConvAt(x: Tensor, key: string, to: number, side: number): Tensor {
  const from = x.shape[1] as number
  return conv(x, parameter(`${key}.weight`, [to, from, side, side]), {
    bias: parameter(`${key}.bias`, [to]),
    stride: side,
  })
}

/** Linear layers with ReLU between them: `${key}.layers.0`, ... */
export function mlpAt(x: Tensor, key: string, widths: readonly number[]): Tensor {
  widths.forEach((width, i) => {
    x = linearAt(x, `${key}.layers.${i}`, width)
    if (i < widths.length - 1) x = relu(x)
  })
  return x
}
