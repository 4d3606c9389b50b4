// Reductions over any axes and their gradients (ONNX ReduceSum, ReduceMean, ReduceMax, ReduceMin, ArgMax, ArgMin, CumSum).

import { productOf } from '../size.ts'
import type { Axes, Op, ReduceOptions, Tensor } from '../tensor.ts'
import { constant, makeTensor, scalar, sizesVector } from '../tensor.ts'
import { divide, equal, multiply, power, subtract } from './arithmetic.ts'
import { expand, reducedShape, reshape, restored, sum } from './broadcast.ts'
import { cast } from './cast.ts'
import { axesOf, axisOf, needFloat } from './check.ts'

/** The number of elements along `axes` as a scalar of x's type. */
export function countAlong(x: Tensor, axes: readonly number[]): Tensor {
  const size = productOf(axes.map((axis) => x.shape[axis]!))
  if (typeof size === 'number') return scalar(size, x.dtype)
  return reshape(cast(sizesVector([size]), x.dtype), [])
}

export const meanOp: Op = {
  name: 'ReduceMean',
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const axes = node.attributes['axes'] as number[]
    const size = productOf(axes.map((axis) => x.shape[axis]!))
    const share = typeof size === 'number' ? multiply(dy!, 1 / size) : divide(dy!, countAlong(x, axes))
    return [expand(restored(share, x, axes), x.shape)]
  },
}

/** Arithmetic mean over `axes` (all where none are named). */
export function mean(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  needFloat('mean', x)
  const list = axesOf('mean', axes, x.rank)
  if (list.length === 0) return x
  const keepDims = options.keepDims ?? false
  return makeTensor(meanOp, [x], x.dtype, reducedShape(x.shape, list, keepDims), {
    axes: list,
    keepdims: keepDims ? 1 : 0,
  })
}

// Ties share the gradient equally, as torch.amax and torch.amin do.
const extremeGradient: NonNullable<Op['gradient']> = (node, [dy]) => {
  const x = node.inputs[0]!
  const axes = node.attributes['axes'] as number[]
  const won = cast(equal(x, restored(node.outputs[0]!, x, axes)), x.dtype)
  const winners = sum(won, axes, { keepDims: true })
  return [multiply(won, divide(restored(dy!, x, axes), winners))]
}

export const maxOp: Op = { name: 'ReduceMax', gradient: extremeGradient }
export const minOp: Op = { name: 'ReduceMin', gradient: extremeGradient }

function extreme(op: Op, what: string, x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const list = axesOf(what, axes, x.rank)
  if (list.length === 0) return x
  const keepDims = options.keepDims ?? false
  return makeTensor(op, [x], x.dtype, reducedShape(x.shape, list, keepDims), {
    axes: list,
    keepdims: keepDims ? 1 : 0,
  })
}

/** Largest value over `axes`. */
export function max(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return extreme(maxOp, 'max', x, axes, options)
}
/** Smallest value over `axes`. */
export function min(x: Tensor, axes?: Axes, options?: ReduceOptions): Tensor {
  return extreme(minOp, 'min', x, axes, options)
}

/** Population variance (divides by the count) over `axes`. */
export function variance(x: Tensor, axes?: Axes, options: ReduceOptions = {}): Tensor {
  const centred = subtract(x, mean(x, axes, { keepDims: true }))
  return mean(multiply(centred, centred), axes, options)
}

const argMaxOp: Op = { name: 'ArgMax', gradient: () => [undefined] }
const argMinOp: Op = { name: 'ArgMin', gradient: () => [undefined] }

function argExtreme(op: Op, what: string, x: Tensor, axis: number, options: ReduceOptions): Tensor {
  const at = axisOf(what, axis, x.rank)
  const keepDims = options.keepDims ?? false
  return makeTensor(op, [x], 'int64', reducedShape(x.shape, [at], keepDims), {
    axis: at,
    keepdims: keepDims ? 1 : 0,
  })
}

/** Index of the largest value along `axis` (int64); the lowest index on ties. */
export function argMax(x: Tensor, axis: number, options: ReduceOptions = {}): Tensor {
  return argExtreme(argMaxOp, 'argMax', x, axis, options)
}
/** Index of the smallest value along `axis` (int64); the lowest index on ties. */
export function argMin(x: Tensor, axis: number, options: ReduceOptions = {}): Tensor {
  return argExtreme(argMinOp, 'argMin', x, axis, options)
}

export const cumulativeSumOp: Op = {
  name: 'CumSum',
  gradient: (node, [dy]) => {
    const axis = node.attributes['$axis'] as number
    return [makeCumulativeSum(dy!, axis, node.attributes['reverse'] !== 1), undefined]
  },
}

function makeCumulativeSum(x: Tensor, axis: number, reverse: boolean): Tensor {
  return makeTensor(cumulativeSumOp, [x, constant(axis, { dtype: 'int64' })], x.dtype, x.shape, {
    reverse: reverse ? 1 : 0,
    $axis: axis,
  })
}

/** Running sum along `axis`, the element itself included; from the end where `reverse`. */
export function cumulativeSum(x: Tensor, axis: number, options: { reverse?: boolean } = {}): Tensor {
  return makeCumulativeSum(x, axisOf('cumulativeSum', axis, x.rank), options.reverse ?? false)
}

/** Square root of the sum of squares of every element, as a scalar. */
export function norm(x: Tensor): Tensor {
  return power(sum(multiply(x, x)), 0.5)
}
