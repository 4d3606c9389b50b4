// Normalisations: layer norm (Ba et al. 2016), RMS norm (Zhang & Sennrich 2019), group norm (Wu & He 2018), batch norm at inference.

import { GraphError } from '../error.ts'
import { isStatic, productOf, shapeText } from '../size.ts'
import type { Node, Op, Tensor } from '../tensor.ts'
import { constant, float, makeNode, makeTensor } from '../tensor.ts'
import { add, divide, multiply, sqrt, subtract } from './arithmetic.ts'
import { reshape, sum } from './broadcast.ts'
import { cast } from './cast.ts'
import { needFloat, needRank } from './check.ts'
import { mean } from './reduce.ts'
import { permute } from './shape.ts'

const lastAxes = (count: number) => Array.from({ length: count }, (_, i) => i - count)

/** Sums over all axes but the last `kept`. */
function sumRows(x: Tensor, kept: number): Tensor {
  return x.rank === kept
    ? x
    : sum(
        x,
        Array.from({ length: x.rank - kept }, (_, axis) => axis),
      )
}

// Saved mean and 1/deviation come from the kernel, in float32 whatever the type of x. With g = dy·w and h the normalised x:
// dx = (g - mean(g) - h mean(g h)) / deviation.
export const layerNormOp: Op = {
  name: 'LayerNormalization',
  optionalOutputs: true,
  gradient: (node, [dy], needs) => {
    const [x, weight, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined]
    const count = weight.rank
    const [average, inverse] = statistics(node, x, count)
    const normal = multiply(subtract(x, average), inverse)
    return [
      needs[0] ? throughNorm(multiply(dy!, weight), normal, inverse, count) : undefined,
      needs[1] ? sumRows(multiply(dy!, normal), count) : undefined,
      bias && needs[2] ? sumRows(dy!, count) : undefined,
    ]
  },
}

function throughNorm(g: Tensor, normal: Tensor, inverse: Tensor, count: number): Tensor {
  const keep = { keepDims: true }
  const centred = subtract(g, mean(g, lastAxes(count), keep))
  const along = multiply(normal, mean(multiply(g, normal), lastAxes(count), keep))
  return multiply(subtract(centred, along), inverse)
}

// Without weight and bias what comes out is the normalised x itself, which the way back then need not make anew.
export const plainNormOp: Op = {
  name: 'PlainLayerNormalization',
  optionalOutputs: true,
  expand: (node) => {
    const [x] = node.inputs as readonly [Tensor]
    const shape = x.shape.slice(node.attributes['axis'] as number) as number[]
    const ones = new Array<number>(productOf(shape) as number).fill(1)
    return makeNode(
      layerNormOp,
      [x, constant(ones, { shape, dtype: x.dtype }), undefined],
      node.outputs,
      node.attributes,
    )
  },
  gradient: (node, [dy]) => {
    const [x] = node.inputs as readonly [Tensor]
    const count = -(node.attributes['axis'] as number)
    const [, inverse] = statistics(node, x, count)
    return [throughNorm(dy!, node.outputs[0]!, inverse, count)]
  },
}

function statistics(node: Node, x: Tensor, count: number): readonly [Tensor, Tensor] {
  if (x.dtype !== 'float64') return [cast(node.outputs[1]!, x.dtype), cast(node.outputs[2]!, x.dtype)]
  const average = mean(x, lastAxes(count), { keepDims: true })
  const centred = subtract(x, average)
  const spread = mean(multiply(centred, centred), lastAxes(count), { keepDims: true })
  return [average, divide(1, sqrt(add(spread, (node.attributes['epsilon'] as { float: number }).float)))]
}

/**
 * (x - mean) / sqrt(variance + epsilon) over the last axes, as many as `weight` has, times weight plus bias.
 * x [..., ...weight.shape]; weight and bias of one shape; without weight the scale is 1.
 */
export function layerNorm(
  x: Tensor,
  options: { weight?: Tensor; bias?: Tensor; epsilon?: number; shape?: readonly number[] } = {},
): Tensor {
  needFloat('layerNorm', x)
  const shape = options.weight?.shape ?? options.shape ?? x.shape.slice(-1)
  const from = x.rank - shape.length
  if (!isStatic(shape) || shape.length === 0 || shape.some((size, i) => size !== x.shape[from + i])) {
    throw new GraphError('shape', `layerNorm: x ${shapeText(x.shape)} with weight ${shapeText(shape)}`, {
      hint: 'the last axes of x and the shape of weight are equal numbers',
    })
  }
  const { weight } = options
  if (options.bias && shapeText(options.bias.shape) !== shapeText(shape)) {
    throw new GraphError(
      'shape',
      `layerNorm: shape ${shapeText(shape)} with bias ${shapeText(options.bias.shape)}`,
    )
  }
  const saved = [...x.shape.slice(0, from), ...shape.map(() => 1)]
  const outputs = [
    { dtype: x.dtype, shape: x.shape },
    { dtype: 'float32', shape: saved },
    { dtype: 'float32', shape: saved },
  ] as const
  const attributes = { axis: -shape.length, epsilon: float(options.epsilon ?? 1e-5) }
  if (weight === undefined) {
    const plain = makeNode(plainNormOp, [x], outputs, attributes)[0]!
    return options.bias ? add(plain, options.bias) : plain
  }
  return makeNode(layerNormOp, [x, weight, options.bias], outputs, attributes)[0]!
}

// SimplifiedLayerNormalization is ONNX Runtime's RMS norm; it sits in the standard domain for historical reasons.
const simplifiedOp: Op = { name: 'SimplifiedLayerNormalization' }

export const rmsNormOp: Op = {
  name: 'RmsNorm',
  expand: (node, target) => {
    const [x, weight] = node.inputs as readonly [Tensor, Tensor]
    if ((target === 'cpu' || target === 'web' || target === 'cuda') && x.dtype === 'float32') {
      return [
        makeTensor(simplifiedOp, [x, weight], x.dtype, x.shape, {
          axis: -1,
          epsilon: node.attributes['epsilon']!,
          stash_type: 1,
        }),
      ]
    }
    return [multiply(multiply(x, inverseRms(x, node.attributes['epsilon'] as { float: number })), weight)]
  },
  gradient: (node, [dy], needs) => {
    const [x, weight] = node.inputs as readonly [Tensor, Tensor]
    const inverse = inverseRms(x, node.attributes['epsilon'] as { float: number })
    const normal = multiply(x, inverse)
    const g = multiply(dy!, weight)
    const dx = () =>
      multiply(subtract(g, multiply(normal, mean(multiply(g, normal), -1, { keepDims: true }))), inverse)
    return [needs[0] ? dx() : undefined, needs[1] ? sumRows(multiply(dy!, normal), 1) : undefined]
  },
}

function inverseRms(x: Tensor, epsilon: { float: number }): Tensor {
  return divide(1, sqrt(add(mean(multiply(x, x), -1, { keepDims: true }), epsilon.float)))
}

/** x / sqrt(mean(x²) + epsilon) over the last axis, times weight. */
export function rmsNorm(x: Tensor, weight: Tensor, options: { epsilon?: number } = {}): Tensor {
  needFloat('rmsNorm', x)
  needRank('rmsNorm', weight, 1, 'a weight with one axis')
  if (weight.shape[0] !== x.shape[x.rank - 1]) {
    throw new GraphError('shape', `rmsNorm: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`)
  }
  return makeTensor(rmsNormOp, [x, weight], x.dtype, x.shape, { epsilon: float(options.epsilon ?? 1e-6) })
}

const perChannel = (values: Tensor, rank: number) =>
  reshape(values, [values.shape[0]!, ...new Array<number>(rank - 2).fill(1)])

/** Layer norm over groups of channels and all positions; x [batch, channels, ...], weight and bias [channels]. */
export function groupNorm(
  x: Tensor,
  groups: number,
  options: { weight?: Tensor; bias?: Tensor; epsilon?: number } = {},
): Tensor {
  needFloat('groupNorm', x)
  const channels = x.shape[1]
  if (x.rank < 2 || typeof channels !== 'number' || channels % groups !== 0) {
    throw new GraphError('shape', `groupNorm: ${shapeText(x.shape)} into ${groups} groups`)
  }
  const rows = reshape(x, [x.shape[0]!, groups, -1])
  const epsilon = options.epsilon ?? 1e-5
  const size = rows.shape[2]!
  const centred = () => {
    const moved = subtract(rows, mean(rows, -1, { keepDims: true }))
    return divide(moved, sqrt(add(mean(multiply(moved, moved), -1, { keepDims: true }), epsilon)))
  }
  const normal = reshape(typeof size === 'number' ? layerNorm(rows, { epsilon }) : centred(), x.shape)
  const scaled = options.weight ? multiply(normal, perChannel(options.weight, x.rank)) : normal
  return options.bias ? add(scaled, perChannel(options.bias, x.rank)) : scaled
}

/** Layer norm over the channel axis of [batch, channels, height, width], as image models call LayerNorm2d. */
export function layerNorm2d(
  x: Tensor,
  options: { weight?: Tensor; bias?: Tensor; epsilon?: number } = {},
): Tensor {
  needRank('layerNorm2d', x, 4, '[batch, channels, height, width]')
  return permute(layerNorm(permute(x, [0, 2, 3, 1]), options), [0, 3, 1, 2])
}

/** Batch norm with stored statistics: (x - mean) / sqrt(variance + epsilon) · weight + bias, all [channels]. */
export function batchNorm(
  x: Tensor,
  options: { mean: Tensor; variance: Tensor; weight: Tensor; bias: Tensor; epsilon?: number },
): Tensor {
  const scale = divide(options.weight, sqrt(add(options.variance, options.epsilon ?? 1e-5)))
  const shift = subtract(options.bias, multiply(options.mean, scale))
  return add(multiply(x, perChannel(scale, x.rank)), perChannel(shift, x.rank))
}
