// Tensors as nodes of a graph: a tensor knows the op that makes it, its data type and its shape; nothing here computes.
import type { DType, TensorData } from './dtype.ts'
import { carries, dtypeOf, toTensorData } from './dtype.ts'
import { GraphError } from './error.ts'
import { add, divide, multiply, negate, power, subtract } from './ops/arithmetic.ts'
import { cast } from './ops/cast.ts'
import { matmul } from './ops/matmul.ts'
import type { Axes, ReduceOptions } from './ops/reduce.ts'
import { max, mean, min, sum } from './ops/reduce.ts'
import { expand, permute, reshape, squeeze, swapAxes, unsqueeze } from './ops/shape.ts'
import type { SliceOptions } from './ops/slice.ts'
import { slice } from './ops/slice.ts'
import { softmax } from './ops/softmax.ts'
import type { Dim, Shape } from './size.ts'
import { dim, isStatic, productOf, shapeText } from './size.ts'

/** What a graph is written for; decides which kernels beyond standard ONNX may be used. */
export type Target = 'standard' | 'cpu' | 'web' | 'webgpu' | 'cuda'

/** An ONNX attribute: whole number, list of whole numbers, text, or a float marked by `float()`. Names with $ are not written. */
export type Attribute = number | string | readonly number[] | { readonly float: number }
export type Attributes = Readonly<Record<string, Attribute>>

/** Marks an attribute as ONNX FLOAT; bare numbers are written as INT. */
export function float(value: number): Attribute {
  return { float: value }
}

/** What one kind of node does when a graph is written or differentiated. Values of this type hold no state. */
export type Op = {
  /** ONNX operator name, or the name of an op that `expand` turns into others. */
  readonly name: string
  /** '' is standard ONNX, 'com.microsoft' are ONNX Runtime's own kernels. */
  readonly domain?: string
  /** Outputs after the first may be left out where nobody reads them; kernels crash on missing outputs otherwise. */
  readonly optionalOutputs?: boolean
  /**
   * Gradients of the inputs from gradients of the outputs. `gradients[i]` is undefined where output i does not reach
   * the loss; `needs[i]` says whether anyone asks for the gradient of input i.
   */
  readonly gradient?: (
    node: Node,
    gradients: readonly (Tensor | undefined)[],
    needs: readonly boolean[],
  ) => readonly (Tensor | undefined)[]
  /** Other tensors that stand for the outputs on this target; undefined keeps the node as it is. */
  readonly expand?: (node: Node, target: Target) => readonly Tensor[] | undefined
}

export type Node = {
  readonly op: Op
  readonly inputs: readonly (Tensor | undefined)[]
  readonly attributes: Attributes
  readonly outputs: readonly Tensor[]
  /** Nodes of different generations are never merged; recomputed segments have one of their own. */
  readonly generation: number
  /** Counts all nodes in the order they were made. */
  readonly serial: number
  readonly leaf?: Leaf
}

export type Leaf =
  | { readonly kind: 'input'; readonly name: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'constant'; readonly data: TensorData }
  /** A vector of int64: the given sizes, known when the graph runs. */
  | { readonly kind: 'sizes'; readonly sizes: Shape }

/** A value of a graph that will exist when the graph runs. Immutable; operations give new tensors. */
export class Tensor {
  readonly node: Node
  readonly output: number
  readonly dtype: DType
  readonly shape: Shape

  constructor(node: Node, output: number, dtype: DType, shape: Shape) {
    this.node = node
    this.output = output
    this.dtype = dtype
    this.shape = shape
  }

  get rank(): number {
    return this.shape.length
  }

  /** Data type and shape, for messages: "float32[batch,3,64,64]". */
  toString(): string {
    return `${this.dtype}${shapeText(this.shape)}`
  }

  add(other: Tensor | number): Tensor {
    return add(this, other)
  }
  sub(other: Tensor | number): Tensor {
    return subtract(this, other)
  }
  mul(other: Tensor | number): Tensor {
    return multiply(this, other)
  }
  div(other: Tensor | number): Tensor {
    return divide(this, other)
  }
  pow(exponent: number): Tensor {
    return power(this, exponent)
  }
  neg(): Tensor {
    return negate(this)
  }
  matmul(other: Tensor): Tensor {
    return matmul(this, other)
  }
  reshape(shape: Shape | readonly (Dim | -1)[]): Tensor {
    return reshape(this, shape)
  }
  permute(order: readonly number[]): Tensor {
    return permute(this, order)
  }
  swapAxes(a: number, b: number): Tensor {
    return swapAxes(this, a, b)
  }
  squeeze(axis: number): Tensor {
    return squeeze(this, axis)
  }
  unsqueeze(axis: number): Tensor {
    return unsqueeze(this, axis)
  }
  expand(shape: Shape): Tensor {
    return expand(this, shape)
  }
  slice(options: SliceOptions): Tensor {
    return slice(this, options)
  }
  sum(axes?: Axes, options?: ReduceOptions): Tensor {
    return sum(this, axes, options)
  }
  mean(axes?: Axes, options?: ReduceOptions): Tensor {
    return mean(this, axes, options)
  }
  max(axes?: Axes, options?: ReduceOptions): Tensor {
    return max(this, axes, options)
  }
  min(axes?: Axes, options?: ReduceOptions): Tensor {
    return min(this, axes, options)
  }
  softmax(axis = -1): Tensor {
    return softmax(this, axis)
  }
  cast(dtype: DType): Tensor {
    return cast(this, dtype)
  }
}

export type OutputSpec = { readonly dtype: DType; readonly shape: Shape }

let generation = 0
let serials = 0

/** How many nodes were made so far; nodes made from now on have serials of at least this. */
export function nodesMade(): number {
  return serials
}

/** Runs `make` so that the nodes made inside are never merged with equal nodes made outside. */
export function inNewGeneration<T>(make: (generation: number) => T): T {
  const before = generation
  generation = ++generations
  try {
    return make(generation)
  } finally {
    generation = before
  }
}

let generations = 0

/** A node of the graph; the last resort of code that needs an ONNX operator this package has no function for. */
export function makeNode(
  op: Op,
  inputs: readonly (Tensor | undefined)[],
  outputs: readonly OutputSpec[],
  attributes: Attributes = {},
): readonly Tensor[] {
  const made: Tensor[] = []
  const node: Node = { op, inputs, attributes, outputs: made, generation, serial: serials++ }
  outputs.forEach((spec, index) => {
    made.push(new Tensor(node, index, spec.dtype, spec.shape))
  })
  return made
}

/** A node with one output. */
export function makeTensor(
  op: Op,
  inputs: readonly (Tensor | undefined)[],
  dtype: DType,
  shape: Shape,
  attributes: Attributes = {},
): Tensor {
  return makeNode(op, inputs, [{ dtype, shape }], attributes)[0]!
}

function makeLeaf(leaf: Leaf, name: string, dtype: DType, shape: Shape): Tensor {
  const outputs: Tensor[] = []
  const node: Node = {
    op: { name },
    inputs: [],
    attributes: {},
    outputs,
    generation: 0,
    serial: serials++,
    leaf,
  }
  outputs.push(new Tensor(node, 0, dtype, shape))
  return outputs[0]!
}

/**
 * A tensor that is fed when the graph runs. Sizes may be names ("batch") that every input of one run must agree on.
 * @throws GraphError `argument` for an empty name or a size that is neither a whole number nor an expression of names.
 */
export function input(name: string, dtype: DType, shape: Shape): Tensor {
  if (name === '') throw new GraphError('argument', 'an input needs a name')
  return makeLeaf({ kind: 'input', name }, 'Input', dtype, shape.map(dim))
}

/** A weight: a leaf that goes by the name of its published state dict; its values come when the graph is written or run. */
export function parameter(name: string, shape: readonly number[], options: { dtype?: DType } = {}): Tensor {
  if (name === '') throw new GraphError('argument', 'a parameter needs a name')
  return makeLeaf({ kind: 'parameter', name }, 'Parameter', options.dtype ?? 'float32', shape.map(dim))
}

/**
 * A constant tensor. Typed arrays say their own type; plain numbers are float32 unless `dtype` says otherwise.
 * @throws GraphError `shape` when the number of values is not the product of `shape`.
 */
export function constant(
  values: TensorData | number | boolean | readonly number[],
  options: { shape?: readonly number[]; dtype?: DType } = {},
): Tensor {
  const list = typeof values === 'number' || typeof values === 'boolean' ? [Number(values)] : values
  const shape = options.shape ?? (typeof values === 'object' ? [list.length] : [])
  const isList = Array.isArray(list)
  const dtype = options.dtype ?? (isList ? 'float32' : dtypeOf(list as TensorData))
  const data = isList ? toTensorData(list as readonly number[], dtype) : (list as TensorData)
  if (!carries(data, dtype)) {
    throw new GraphError('dtype', `constant: ${data.constructor.name} does not carry ${dtype}`)
  }
  if (data.length !== productOf(shape)) {
    throw new GraphError('shape', `constant: ${data.length} values for shape ${shapeText(shape)}`)
  }
  return makeLeaf({ kind: 'constant', data }, 'Constant', dtype, shape)
}

/** A constant like `like`: same data type, no axes. */
export function scalar(value: number, dtype: DType): Tensor {
  return constant(value, { dtype })
}

/** The sizes as an int64 vector: a constant where they are numbers, computed from the inputs' shapes where they are not. */
export function sizesVector(sizes: Shape): Tensor {
  if (isStatic(sizes)) return constant([...sizes], { dtype: 'int64' })
  return makeLeaf({ kind: 'sizes', sizes }, 'Sizes', 'int64', [sizes.length])
}
