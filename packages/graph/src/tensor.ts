// Tensors as nodes of a graph: a tensor knows the op that makes it, its data type and its shape; nothing here computes.
import type { DType, TensorData } from './dtype.ts'
import { carries, dtypeOf, toTensorData } from './dtype.ts'
import { GraphError } from './error.ts'
import type { Dim, Shape } from './size.ts'
import { isStatic, productOf, shapeText } from './size.ts'

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

/** Axes of a reduction: one, several, or all where none are named. */
export type Axes = number | readonly number[]
export type ReduceOptions = { keepDims?: boolean }

/** One axis: from `start` (default 0) up to `end` (default the size), every `step`-th. Negative positions count from the back. */
export type SliceOptions = { axis: number; start?: Dim; end?: Dim; step?: number }

/** What a tensor can be asked as a method: the functions of ops/, which are made of tensors and so lie above this file. */
export type Methods = {
  readonly add: (x: Tensor, other: Tensor | number) => Tensor
  readonly subtract: (x: Tensor, other: Tensor | number) => Tensor
  readonly multiply: (x: Tensor, other: Tensor | number) => Tensor
  readonly divide: (x: Tensor, other: Tensor | number) => Tensor
  readonly power: (x: Tensor, exponent: number) => Tensor
  readonly negate: (x: Tensor) => Tensor
  readonly matmul: (x: Tensor, other: Tensor) => Tensor
  readonly reshape: (x: Tensor, shape: Shape | readonly (Dim | -1)[]) => Tensor
  readonly permute: (x: Tensor, order: readonly number[]) => Tensor
  readonly swapAxes: (x: Tensor, a: number, b: number) => Tensor
  readonly squeeze: (x: Tensor, axis: number) => Tensor
  readonly unsqueeze: (x: Tensor, axis: number) => Tensor
  readonly expand: (x: Tensor, shape: Shape) => Tensor
  readonly slice: (x: Tensor, options: SliceOptions) => Tensor
  readonly sum: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor
  readonly mean: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor
  readonly max: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor
  readonly min: (x: Tensor, axes?: Axes, options?: ReduceOptions) => Tensor
  readonly softmax: (x: Tensor, axis: number) => Tensor
  readonly cast: (x: Tensor, dtype: DType) => Tensor
}

let methods: Methods

/** Gives all tensors their methods; sources.ts does it before the first tensor that is not made inside this package. */
export function giveMethods(given: Methods): void {
  methods = given
}

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
    return methods.add(this, other)
  }
  sub(other: Tensor | number): Tensor {
    return methods.subtract(this, other)
  }
  mul(other: Tensor | number): Tensor {
    return methods.multiply(this, other)
  }
  div(other: Tensor | number): Tensor {
    return methods.divide(this, other)
  }
  pow(exponent: number): Tensor {
    return methods.power(this, exponent)
  }
  neg(): Tensor {
    return methods.negate(this)
  }
  matmul(other: Tensor): Tensor {
    return methods.matmul(this, other)
  }
  reshape(shape: Shape | readonly (Dim | -1)[]): Tensor {
    return methods.reshape(this, shape)
  }
  permute(order: readonly number[]): Tensor {
    return methods.permute(this, order)
  }
  swapAxes(a: number, b: number): Tensor {
    return methods.swapAxes(this, a, b)
  }
  squeeze(axis: number): Tensor {
    return methods.squeeze(this, axis)
  }
  unsqueeze(axis: number): Tensor {
    return methods.unsqueeze(this, axis)
  }
  expand(shape: Shape): Tensor {
    return methods.expand(this, shape)
  }
  slice(options: SliceOptions): Tensor {
    return methods.slice(this, options)
  }
  sum(axes?: Axes, options?: ReduceOptions): Tensor {
    return methods.sum(this, axes, options)
  }
  mean(axes?: Axes, options?: ReduceOptions): Tensor {
    return methods.mean(this, axes, options)
  }
  max(axes?: Axes, options?: ReduceOptions): Tensor {
    return methods.max(this, axes, options)
  }
  min(axes?: Axes, options?: ReduceOptions): Tensor {
    return methods.min(this, axes, options)
  }
  softmax(axis = -1): Tensor {
    return methods.softmax(this, axis)
  }
  cast(dtype: DType): Tensor {
    return methods.cast(this, dtype)
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

export function makeLeaf(leaf: Leaf, name: string, dtype: DType, shape: Shape): Tensor {
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
