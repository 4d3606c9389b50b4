// Where graphs begin: the functions that make a tensor of no other. They give tensors their methods, which are ops and so lie above
// tensor.ts; a call and not a side effect of loading, so that bundlers keep it exactly where it is needed.
import type { DType } from './dtype.ts'
import { GraphError } from './error.ts'
import { add, divide, multiply, negate, power, subtract } from './ops/arithmetic.ts'
import { range as rangeOp } from './ops/attention.ts'
import { expand, reshape, sum } from './ops/broadcast.ts'
import { cast } from './ops/cast.ts'
import { matmul } from './ops/matmul.ts'
import { max, mean, min } from './ops/reduce.ts'
import { full as fullOp, permute, squeeze, swapAxes, unsqueeze } from './ops/shape.ts'
import { slice } from './ops/slice.ts'
import { softmax } from './ops/softmax.ts'
import type { Shape } from './size.ts'
import { dim } from './size.ts'
import type { Methods, Tensor } from './tensor.ts'
import * as bare from './tensor.ts'

const METHODS: Methods = {
  add,
  subtract,
  multiply,
  divide,
  power,
  negate,
  matmul,
  reshape,
  permute,
  swapAxes,
  squeeze,
  unsqueeze,
  expand,
  slice,
  sum,
  mean,
  max,
  min,
  softmax,
  cast,
}

/** The same function, for tensors with methods. */
function source<F extends (...args: never[]) => unknown>(make: F): F {
  const made = (...args: Parameters<F>) => {
    bare.giveMethods(METHODS)
    return make(...args)
  }
  return made as F
}

/**
 * A tensor that is fed when the graph runs. Sizes may be names ("batch") that every input of one run must agree on.
 * @throws GraphError `argument` for an empty name or a size that is neither a whole number nor an expression of names.
 */
export function input(name: string, dtype: DType, shape: Shape): Tensor {
  if (name === '') throw new GraphError('argument', 'an input needs a name')
  bare.giveMethods(METHODS)
  return bare.makeLeaf({ kind: 'input', name }, 'Input', dtype, shape.map(dim))
}

/** A weight: a leaf that goes by the name of its published state dict; its values come when the graph is written or run. */
export function parameter(name: string, shape: readonly number[], options: { dtype?: DType } = {}): Tensor {
  if (name === '') throw new GraphError('argument', 'a parameter needs a name')
  bare.giveMethods(METHODS)
  return bare.makeLeaf({ kind: 'parameter', name }, 'Parameter', options.dtype ?? 'float32', shape.map(dim))
}

/**
 * A constant tensor. Typed arrays say their own type; plain numbers are float32 unless `dtype` says otherwise.
 * @throws GraphError `shape` when the number of values is not the product of `shape`.
 */
export const constant = /* @__PURE__ */ source(bare.constant)

/** A constant like `like`: same data type, no axes. */
export const scalar = /* @__PURE__ */ source(bare.scalar)

/** The sizes as an int64 vector: a constant where they are numbers, computed from the inputs' shapes where they are not. */
export const sizesVector = /* @__PURE__ */ source(bare.sizesVector)

/** A tensor filled with one value. */
export const full = /* @__PURE__ */ source(fullOp)

/** 0, 1, 2, ... up to a size, as int64. */
export const range = /* @__PURE__ */ source(rangeOp)

/** A node of the graph; the last resort of code that needs an ONNX operator this package has no function for. */
export const makeNode = /* @__PURE__ */ source(bare.makeNode)

/** A node with one output. */
export const makeTensor = /* @__PURE__ */ source(bare.makeTensor)
