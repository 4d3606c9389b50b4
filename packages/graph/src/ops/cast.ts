// Conversions that keep values: cast, identity, stop-gradient, straight-through (Bengio et al. 2013).
import type { DType } from '../dtype.ts'
import { isFloat, ONNX_DTYPE, toNumbers, toTensorData } from '../dtype.ts'
import { GraphError } from '../error.ts'
import { sameShape } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeTensor } from '../tensor.ts'

export const castOp: Op = {
  name: 'Cast',
  gradient: (node, [dy]) => [isFloat(node.inputs[0]!.dtype) ? cast(dy!, node.inputs[0]!.dtype) : undefined],
}

/** The same values as another data type; floats become integers by rounding towards zero. */
export function cast(x: Tensor, dtype: DType): Tensor {
  if (x.dtype === dtype) return x
  const leaf = x.node.leaf
  if (leaf?.kind === 'constant' && leaf.data.length <= 4096) {
    return constant(toTensorData(toNumbers(leaf.data, x.dtype), dtype), { dtype, shape: x.shape as number[] })
  }
  return makeTensor(castOp, [x], dtype, x.shape, { to: ONNX_DTYPE[dtype] })
}

export const stopGradientOp: Op = {
  name: 'StopGradient',
  expand: (node) => [node.inputs[0]!],
  gradient: () => [undefined],
}

/** x itself, as a constant to differentiation. */
export function stopGradient(x: Tensor): Tensor {
  return makeTensor(stopGradientOp, [x], x.dtype, x.shape)
}

export const straightThroughOp: Op = {
  name: 'StraightThrough',
  expand: (node) => [node.inputs[1]!],
  gradient: (_node, [dy]) => [dy, undefined],
}

/** The value of `forward`, with the gradient going to `backward` as if the two were equal. */
export function straightThrough(backward: Tensor, forward: Tensor): Tensor {
  if (!sameShape(backward.shape, forward.shape) || backward.dtype !== forward.dtype) {
    throw new GraphError('shape', `straightThrough: ${backward} and ${forward} differ`)
  }
  return makeTensor(straightThroughOp, [backward, forward], forward.dtype, forward.shape)
}
