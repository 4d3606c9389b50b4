// Broadcasting and its adjoint: each of expand and sum is the other's gradient (ONNX Expand, ReduceSum), with the reshape between them (ONNX Reshape).
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { dim, divideDims, isStatic, productOf, sameShape, shapeText } from '../size.ts'
import type { Axes, Op, ReduceOptions, Tensor } from '../tensor.ts'
import { constant, makeTensor, sizesVector } from '../tensor.ts'
import { axesOf } from './check.ts'

export const reshapeOp: Op = {
  name: 'Reshape',
  gradient: (node, [dy]) => [reshape(dy!, node.inputs[0]!.shape)],
}

/**
 * The shape as ONNX Reshape reads it: 0 keeps an axis, one -1 is inferred, anything else is computed at run time, where a size may
 * turn out to be 0 and mean it; beside an axis that is kept and turns out to be 0, nothing can be inferred.
 */
function reshapeVector(from: Shape, to: Shape): { shape: Tensor; zeroIsSize: boolean } {
  const isKept = (size: Dim, axis: number) => typeof size === 'string' && size === from[axis]
  const unknown = to.filter((size, axis) => typeof size === 'string' && !isKept(size, axis)).length
  if (isStatic(to)) return { shape: constant([...to], { dtype: 'int64' }), zeroIsSize: to.includes(0) }
  if ((unknown === 0 || (unknown === 1 && !to.some(isKept))) && !to.includes(0)) {
    const values = to.map((size, axis) => (typeof size === 'number' ? size : isKept(size, axis) ? 0 : -1))
    return { shape: constant(values, { dtype: 'int64' }), zeroIsSize: false }
  }
  return { shape: sizesVector(to), zeroIsSize: true }
}

/**
 * The same elements in row-major order with another shape; one size may be -1.
 * @throws GraphError `shape` when the number of elements differs.
 */
export function reshape(x: Tensor, shape: readonly (Dim | -1)[]): Tensor {
  const total = productOf(x.shape)
  const hole = shape.indexOf(-1)
  let to: Shape = shape.map((size) => (size === -1 ? -1 : dim(size)))
  if (hole >= 0) {
    if (shape.indexOf(-1, hole + 1) >= 0) {
      throw new GraphError('argument', `reshape: ${shapeText(shape)} has more than one -1`)
    }
    const rest = productOf(to.filter((_, axis) => axis !== hole))
    const size = divideDims(total, rest)
    if (size === undefined) {
      throw new GraphError(
        'shape',
        `reshape: ${shapeText(x.shape)} to ${shapeText(shape)}: ${total} elements do not divide by ${rest}`,
      )
    }
    to = to.map((value, axis) => (axis === hole ? size : value))
  }
  if (productOf(to) !== total) {
    throw new GraphError(
      'shape',
      `reshape: ${shapeText(x.shape)} to ${shapeText(shape)}: ${total} and ${productOf(to)} elements`,
    )
  }
  if (sameShape(to, x.shape)) return x
  // A view of a view is a view of the first.
  if (x.node.op === reshapeOp) return reshape(x.node.inputs[0]!, to)
  const leaf = x.node.leaf
  if (leaf?.kind === 'constant') return constant(leaf.data, { dtype: x.dtype, shape: to as number[] })
  const vector = reshapeVector(x.shape, to)
  return makeTensor(reshapeOp, [x, vector.shape], x.dtype, to, vector.zeroIsSize ? { allowzero: 1 } : {})
}

export const expandOp: Op = {
  name: 'Expand',
  gradient: (node, [dy]) => [sumTo(dy!, node.inputs[0]!.shape)],
}

/** x repeated along its axes of size 1, and along new leading axes, to `shape`. */
export function expand(x: Tensor, shape: Shape): Tensor {
  const to = shape.map(dim)
  if (sameShape(to, x.shape)) return x
  const extra = to.length - x.rank
  if (extra < 0 || x.shape.some((size, axis) => size !== 1 && size !== to[axis + extra])) {
    throw new GraphError('shape', `expand: ${shapeText(x.shape)} to ${shapeText(to)}`, {
      hint: 'only axes of size 1, and new leading axes, can grow',
    })
  }
  return makeTensor(expandOp, [x, sizesVector(to)], x.dtype, to)
}

export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): Shape {
  const result: Dim[] = []
  shape.forEach((size, axis) => {
    if (!axes.includes(axis)) result.push(size)
    else if (keepDims) result.push(1)
  })
  return result
}

/** Puts the reduced axes back with size 1, so that a gradient broadcasts against the input. */
export function restored(gradient: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  const shape = reducedShape(x.shape, axes, true)
  return sameShape(shape, gradient.shape) ? gradient : reshape(gradient, shape)
}

export const axesAttribute = (node: { attributes: Readonly<Record<string, unknown>> }) =>
  node.attributes['$axes'] as number[]

export const sumOp: Op = {
  name: 'ReduceSum',
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    return [expand(restored(dy!, x, axesAttribute(node)), x.shape)]
  },
}

/** Sum over `axes` (all where none are named). */
export function sum(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const list = axesOf('sum', axes, x.rank)
  if (list.length === 0) return x
  const keepDims = options.keepDims ?? false
  const shape = reducedShape(x.shape, list, keepDims)
  // ReduceSum takes its axes as a tensor since opset 13; the copy in `$axes` serves the gradient and is not written.
  return makeTensor(sumOp, [x, constant(list, { dtype: 'int64' })], x.dtype, shape, {
    keepdims: keepDims ? 1 : 0,
    $axes: list,
  })
}

/** Sums `x` over the axes along which `shape` was broadcast, which is the gradient of broadcasting. */
export function sumTo(x: Tensor, shape: Shape): Tensor {
  if (sameShape(x.shape, shape)) return x
  const extra = x.rank - shape.length
  const axes: number[] = []
  for (let axis = 0; axis < x.rank; axis++) {
    if (axis < extra || (shape[axis - extra] === 1 && x.shape[axis] !== 1)) axes.push(axis)
  }
  const kept = sum(x, axes, { keepDims: true })
  return extra > 0 ? reshape(kept, shape) : kept
}
