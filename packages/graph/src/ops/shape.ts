// Views: reshape, permute, squeeze, expand and their gradients (ONNX Reshape, Transpose, Expand).

import { GraphError } from '../error.ts'
import type { Shape } from '../size.ts'
import { multiplyDims, productOf, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeTensor } from '../tensor.ts'
import { expand, reshape } from './broadcast.ts'

import { axisOf } from './check.ts'

export const permuteOp: Op = {
  name: 'Transpose',
  gradient: (node, [dy]) => {
    const order = node.attributes['perm'] as number[]
    return [
      permute(
        dy!,
        order.map((_, axis) => order.indexOf(axis)),
      ),
    ]
  },
}

/** Axis i of the result is axis order[i] of x (torch.permute). */
export function permute(x: Tensor, order: readonly number[]): Tensor {
  const axes = order.map((axis) => axisOf('permute', axis, x.rank))
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw new GraphError('argument', `permute: [${order}] is no order of ${x.rank} axes`)
  }
  if (axes.every((axis, i) => axis === i)) return x
  if (x.node.op === permuteOp) {
    const inner = x.node.attributes['perm'] as number[]
    return permute(
      x.node.inputs[0]!,
      axes.map((axis) => inner[axis]!),
    )
  }
  // Moving axes of size 1 keeps the elements where they are.
  const shape = axes.map((axis) => x.shape[axis]!)
  const moving = axes.filter((axis) => x.shape[axis] !== 1)
  if (moving.every((axis, i) => i === 0 || axis > moving[i - 1]!)) return reshape(x, shape)
  return makeTensor(permuteOp, [x], x.dtype, shape, { perm: axes })
}

/** x with two axes exchanged (torch.transpose). */
export function swapAxes(x: Tensor, a: number, b: number): Tensor {
  const order = x.shape.map((_, axis) => axis)
  const first = axisOf('swapAxes', a, x.rank)
  const second = axisOf('swapAxes', b, x.rank)
  order[first] = second
  order[second] = first
  return permute(x, order)
}

/** x without an axis of size 1. */
export function squeeze(x: Tensor, axis: number): Tensor {
  const at = axisOf('squeeze', axis, x.rank)
  if (x.shape[at] !== 1) {
    throw new GraphError(
      'shape',
      `squeeze: axis ${axis} of ${shapeText(x.shape)} has size ${x.shape[at]}, not 1`,
    )
  }
  return reshape(
    x,
    x.shape.filter((_, i) => i !== at),
  )
}

/** x with a new axis of size 1 before `axis`; -1 puts it last. */
export function unsqueeze(x: Tensor, axis: number): Tensor {
  const at = axisOf('unsqueeze', axis, x.rank + 1)
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)])
}

/** The axes from `from` to `to` (inclusive) as one (torch.flatten). */
export function flatten(x: Tensor, from = 0, to = -1): Tensor {
  const first = axisOf('flatten', from, x.rank)
  const last = axisOf('flatten', to, x.rank)
  const merged = productOf(x.shape.slice(first, last + 1))
  return reshape(x, [...x.shape.slice(0, first), merged, ...x.shape.slice(last + 1)])
}

/** x with each element along `axis` repeated `times` times in a row (torch.repeat_interleave). */
export function repeatInterleave(x: Tensor, axis: number, times: number): Tensor {
  const at = axisOf('repeatInterleave', axis, x.rank)
  const before = x.shape.slice(0, at + 1)
  const after = x.shape.slice(at + 1)
  const wide = expand(reshape(x, [...before, 1, ...after]), [...before, times, ...after])
  return reshape(wide, [...x.shape.slice(0, at), multiplyDims(x.shape[at]!, times), ...after])
}

/** x repeated `times[i]` times as a whole along axis i (torch.repeat with as many counts as axes). */
export function tile(x: Tensor, times: readonly number[]): Tensor {
  if (times.length !== x.rank) {
    throw new GraphError('argument', `tile: ${times.length} counts for ${shapeText(x.shape)}`)
  }
  const split = x.shape.flatMap((size) => [1, size])
  const wide = x.shape.flatMap((size, axis) => [times[axis]!, size])
  const to = x.shape.map((size, axis) => multiplyDims(size, times[axis]!))
  return reshape(expand(reshape(x, split), wide), to)
}

/** A tensor filled with one value. */
export function full(shape: Shape, value: number, options: { dtype?: Tensor['dtype'] } = {}): Tensor {
  return expand(constant(value, { dtype: options.dtype ?? 'float32' }), shape)
}
