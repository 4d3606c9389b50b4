// Elementwise arithmetic with broadcasting and its gradients (ONNX Add, Sub, Mul, Div, Pow, Neg, Abs, Min, Max, Where, ...).

import type { DType } from '../dtype.ts'
import { isFloat } from '../dtype.ts'
import { GraphError } from '../error.ts'
import { sameShape, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeTensor, scalar } from '../tensor.ts'
import { sumTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { broadcast, needDType, needFloat, sameDType } from './check.ts'

type Operand = Tensor | number

/** Both operands as tensors of one type; numbers take the type of the tensor beside them. */
function operands(what: string, a: Operand, b: Operand): [Tensor, Tensor] {
  if (typeof a === 'number' && typeof b === 'number') {
    throw new GraphError('argument', `${what}: one of the two must be a tensor, got ${a} and ${b}`)
  }
  const left = typeof a === 'number' ? scalar(a, (b as Tensor).dtype) : a
  const right = typeof b === 'number' ? scalar(b, (a as Tensor).dtype) : b
  sameDType(what, left, right)
  return [left, right]
}

/** Constants of up to this many elements are computed while the graph is written. */
const FOLDED_ELEMENTS = 4096

const FOLDS = new Map<string, (x: number, y: number) => number>([
  ['Add', (x, y) => x + y],
  ['Sub', (x, y) => x - y],
  ['Mul', (x, y) => x * y],
  ['Div', (x, y) => x / y],
])

/** The result where both are float constants: of one shape, or one of them a scalar. Doubles round to what float32 arithmetic gives. */
function folded(op: Op, left: Tensor, right: Tensor): Tensor | undefined {
  const [a, b] = [left.node.leaf, right.node.leaf]
  const compute = FOLDS.get(op.name)
  if (!compute || a?.kind !== 'constant' || b?.kind !== 'constant') return undefined
  if (left.dtype !== 'float32' && left.dtype !== 'float64') return undefined
  const [x, y] = [a.data as Float64Array, b.data as Float64Array]
  const size = Math.max(x.length, y.length)
  const fits = sameShape(left.shape, right.shape) || left.rank === 0 || right.rank === 0
  if (!fits || size > FOLDED_ELEMENTS || x.length === 0 || y.length === 0) return undefined
  const values = Array.from({ length: size }, (_, i) =>
    compute(x[x.length === 1 ? 0 : i]!, y[y.length === 1 ? 0 : i]!),
  )
  return constant(values, {
    dtype: left.dtype,
    shape: broadcast('constant', left.shape, right.shape) as number[],
  })
}

function binary(op: Op, what: string, a: Operand, b: Operand, dtype?: DType): Tensor {
  const [left, right] = operands(what, a, b)
  const known = folded(op, left, right)
  if (known) return known
  return makeTensor(op, [left, right], dtype ?? left.dtype, broadcast(what, left.shape, right.shape))
}

/** The number that a tensor is everywhere, where it is a constant of one value. */
function constantValue(x: Operand): number | undefined {
  if (typeof x === 'number') return x
  const leaf = x.node.leaf
  if (leaf?.kind !== 'constant' || leaf.data.length !== 1 || x.dtype === 'float16') return undefined
  return Number(leaf.data[0])
}

/** Whether a operand that changes nothing may be dropped: only where it does not widen the other's shape. */
function keepsShape(x: Operand, neutral: Operand): x is Tensor {
  if (typeof x === 'number') return false
  return typeof neutral === 'number' || neutral.rank <= x.rank
}

export const addOp: Op = {
  name: 'Add',
  gradient: ({ inputs: [a, b] }, [dy], needs) => [
    needs[0] ? sumTo(dy!, a!.shape) : undefined,
    needs[1] ? sumTo(dy!, b!.shape) : undefined,
  ],
}

export function add(a: Operand, b: Operand): Tensor {
  if (constantValue(b) === 0 && keepsShape(a, b)) return a
  if (constantValue(a) === 0 && keepsShape(b, a)) return b
  return binary(addOp, 'add', a, b)
}

export const subtractOp: Op = {
  name: 'Sub',
  gradient: ({ inputs: [a, b] }, [dy], needs) => [
    needs[0] ? sumTo(dy!, a!.shape) : undefined,
    needs[1] ? negate(sumTo(dy!, b!.shape)) : undefined,
  ],
}

export function subtract(a: Operand, b: Operand): Tensor {
  if (constantValue(b) === 0 && keepsShape(a, b)) return a
  return binary(subtractOp, 'subtract', a, b)
}

export const multiplyOp: Op = {
  name: 'Mul',
  gradient: ({ inputs: [a, b] }, [dy], needs) => [
    needs[0] ? sumTo(multiply(dy!, b!), a!.shape) : undefined,
    needs[1] ? sumTo(multiply(dy!, a!), b!.shape) : undefined,
  ],
}

export function multiply(a: Operand, b: Operand): Tensor {
  if (constantValue(b) === 1 && keepsShape(a, b)) return a
  if (constantValue(a) === 1 && keepsShape(b, a)) return b
  return binary(multiplyOp, 'multiply', a, b)
}

export const divideOp: Op = {
  name: 'Div',
  gradient: (node, [dy], needs) => {
    const [a, b] = node.inputs
    const share = divide(dy!, b!)
    return [
      needs[0] ? sumTo(share, a!.shape) : undefined,
      needs[1] ? negate(sumTo(multiply(share, node.outputs[0]!), b!.shape)) : undefined,
    ]
  },
}

/** a / b; integers divide towards zero. */
export function divide(a: Operand, b: Operand): Tensor {
  if (typeof b === 'number' && typeof a !== 'number' && isFloat(a.dtype)) return multiply(a, 1 / b)
  return binary(divideOp, 'divide', a, b)
}

export const powerOp: Op = {
  name: 'Pow',
  gradient: (node, [dy], needs) => {
    const [x, exponent] = node.inputs
    const value = constantValue(exponent!)
    const dx = () => {
      const slope = multiply(exponent!, power(x!, value === undefined ? subtract(exponent!, 1) : value - 1))
      return sumTo(multiply(dy!, slope), x!.shape)
    }
    return [
      needs[0] ? dx() : undefined,
      needs[1] ? sumTo(multiply(multiply(dy!, node.outputs[0]!), makeLog(x!)), exponent!.shape) : undefined,
    ]
  },
}

const logOp: Op = { name: 'Log', gradient: ({ inputs: [x] }, [dy]) => [divide(dy!, x!)] }
function makeLog(x: Tensor): Tensor {
  return makeTensor(logOp, [x], x.dtype, x.shape)
}

/** x to the power of a number or tensor. Small whole powers become products. */
export function power(x: Tensor, exponent: Operand): Tensor {
  if (exponent === 0) return add(multiply(x, 0), 1)
  if (exponent === 1) return x
  if (exponent === 2) return multiply(x, x)
  if (exponent === 0.5) return sqrt(x)
  if (exponent === -1) return divide(1, x)
  return binary(powerOp, 'power', x, exponent)
}

export const negateOp: Op = { name: 'Neg', gradient: (_node, [dy]) => [negate(dy!)] }
export function negate(x: Tensor): Tensor {
  return makeTensor(negateOp, [x], x.dtype, x.shape)
}

export const absOp: Op = {
  name: 'Abs',
  gradient: ({ inputs: [x] }, [dy]) => [multiply(dy!, sign(x!))],
}
export function abs(x: Tensor): Tensor {
  return makeTensor(absOp, [x], x.dtype, x.shape)
}

const signOp: Op = { name: 'Sign', gradient: () => [undefined] }
/** -1, 0 or 1; its gradient is zero. */
export function sign(x: Tensor): Tensor {
  return makeTensor(signOp, [x], x.dtype, x.shape)
}

export const sqrtOp: Op = {
  name: 'Sqrt',
  gradient: (node, [dy]) => [divide(multiply(dy!, 0.5), node.outputs[0]!)],
}
export function sqrt(x: Tensor): Tensor {
  needFloat('sqrt', x)
  return makeTensor(sqrtOp, [x], x.dtype, x.shape)
}

export const expOp: Op = {
  name: 'Exp',
  gradient: (node, [dy]) => [multiply(dy!, node.outputs[0]!)],
}
export function exp(x: Tensor): Tensor {
  needFloat('exp', x)
  return makeTensor(expOp, [x], x.dtype, x.shape)
}

/** Natural logarithm. */
export function log(x: Tensor): Tensor {
  needFloat('log', x)
  return makeLog(x)
}

export const sinOp: Op = { name: 'Sin', gradient: ({ inputs: [x] }, [dy]) => [multiply(dy!, cos(x!))] }
export function sin(x: Tensor): Tensor {
  needFloat('sin', x)
  return makeTensor(sinOp, [x], x.dtype, x.shape)
}

export const cosOp: Op = {
  name: 'Cos',
  gradient: ({ inputs: [x] }, [dy]) => [negate(multiply(dy!, sin(x!)))],
}
export function cos(x: Tensor): Tensor {
  needFloat('cos', x)
  return makeTensor(cosOp, [x], x.dtype, x.shape)
}

export const erfOp: Op = {
  name: 'Erf',
  gradient: ({ inputs: [x] }, [dy]) => [
    multiply(multiply(dy!, 2 / Math.sqrt(Math.PI)), exp(negate(multiply(x!, x!)))),
  ],
}
/** The error function. */
export function erf(x: Tensor): Tensor {
  needFloat('erf', x)
  return makeTensor(erfOp, [x], x.dtype, x.shape)
}

const floorOp: Op = { name: 'Floor', gradient: () => [undefined] }
export function floor(x: Tensor): Tensor {
  needFloat('floor', x)
  return makeTensor(floorOp, [x], x.dtype, x.shape)
}

const roundOp: Op = { name: 'Round', gradient: () => [undefined] }
/** To the nearest whole number, halves to even; its gradient is zero. */
export function round(x: Tensor): Tensor {
  needFloat('round', x)
  return makeTensor(roundOp, [x], x.dtype, x.shape)
}

// Where both are equal each gets half of the gradient, as torch.maximum does.
function chooseGradient(larger: boolean): NonNullable<Op['gradient']> {
  return ({ inputs: [a, b] }, [dy], needs) => {
    const first = larger ? greater(a!, b!) : greater(b!, a!)
    const second = larger ? greater(b!, a!) : greater(a!, b!)
    const half = multiply(dy!, 0.5)
    const none = multiply(dy!, 0)
    const share = (won: Tensor, lost: Tensor) => where(won, dy!, where(lost, none, half))
    return [
      needs[0] ? sumTo(share(first, second), a!.shape) : undefined,
      needs[1] ? sumTo(share(second, first), b!.shape) : undefined,
    ]
  }
}

export const maximumOp: Op = { name: 'Max', gradient: chooseGradient(true) }
export const minimumOp: Op = { name: 'Min', gradient: chooseGradient(false) }

export function maximum(a: Operand, b: Operand): Tensor {
  return binary(maximumOp, 'maximum', a, b)
}
export function minimum(a: Operand, b: Operand): Tensor {
  return binary(minimumOp, 'minimum', a, b)
}

export const clipOp: Op = {
  name: 'Clip',
  gradient: ({ inputs: [x, low, high] }, [dy]) => {
    let inside: Tensor | undefined
    if (low) inside = greaterOrEqual(x!, low)
    if (high) inside = inside ? and(inside, lessOrEqual(x!, high)) : lessOrEqual(x!, high)
    return [inside ? where(inside, dy!, 0) : dy, undefined, undefined]
  },
}
/** x limited to [low, high]; the gradient passes where x is inside, ends included. */
export function clip(x: Tensor, limits: { low?: number; high?: number }): Tensor {
  const low = limits.low === undefined ? undefined : scalar(limits.low, x.dtype)
  const high = limits.high === undefined ? undefined : scalar(limits.high, x.dtype)
  return makeTensor(clipOp, [x, low, high], x.dtype, x.shape)
}

const comparison = (name: string): Op => ({ name, gradient: () => [undefined, undefined] })
const greaterOp = comparison('Greater')
const greaterOrEqualOp = comparison('GreaterOrEqual')
const lessOp = comparison('Less')
const lessOrEqualOp = comparison('LessOrEqual')
const equalOp = comparison('Equal')
const andOp = comparison('And')
const orOp = comparison('Or')
const notOp = comparison('Not')

export function greater(a: Operand, b: Operand): Tensor {
  return binary(greaterOp, 'greater', a, b, 'bool')
}
export function greaterOrEqual(a: Operand, b: Operand): Tensor {
  return binary(greaterOrEqualOp, 'greaterOrEqual', a, b, 'bool')
}
export function less(a: Operand, b: Operand): Tensor {
  return binary(lessOp, 'less', a, b, 'bool')
}
export function lessOrEqual(a: Operand, b: Operand): Tensor {
  return binary(lessOrEqualOp, 'lessOrEqual', a, b, 'bool')
}
export function equal(a: Operand, b: Operand): Tensor {
  return binary(equalOp, 'equal', a, b, 'bool')
}
export function and(a: Tensor, b: Tensor): Tensor {
  needDType('and', a, 'bool')
  return binary(andOp, 'and', a, b)
}
export function or(a: Tensor, b: Tensor): Tensor {
  needDType('or', a, 'bool')
  return binary(orOp, 'or', a, b)
}
export function not(x: Tensor): Tensor {
  needDType('not', x, 'bool')
  return makeTensor(notOp, [x], 'bool', x.shape)
}

export const whereOp: Op = {
  name: 'Where',
  gradient: ({ inputs: [condition, a, b] }, [dy], needs) => [
    undefined,
    needs[1] ? sumTo(where(condition!, dy!, 0), a!.shape) : undefined,
    needs[2] ? sumTo(where(condition!, 0, dy!), b!.shape) : undefined,
  ],
}
/** a where `condition` (bool) is true, b elsewhere; the three broadcast. */
export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  needDType('where', condition, 'bool')
  const [left, right] = operands('where', a, b)
  const shape = broadcast('where', condition.shape, broadcast('where', left.shape, right.shape))
  return makeTensor(whereOp, [condition, left, right], left.dtype, shape)
}

const moduloOp: Op = { name: 'Mod', gradient: () => [undefined, undefined] }
/** Remainder of integers, with the sign of the divisor. */
export function modulo(a: Tensor, b: Operand): Tensor {
  needDType('modulo', a, 'int32', 'int64', 'uint8')
  return binary(moduloOp, 'modulo', a, b)
}

/** The sum of tensors of one shape; one node for any number of them. */
export const sumOfOp: Op = { name: 'Sum', gradient: (node, [dy]) => node.inputs.map(() => dy) }
export function sumOf(tensors: readonly Tensor[]): Tensor {
  const [first, second] = tensors
  if (!first) throw new GraphError('argument', 'sumOf: no tensors')
  for (const other of tensors) {
    sameDType('sumOf', first, other)
    if (!sameShape(first.shape, other.shape)) {
      throw new GraphError('shape', `sumOf: ${shapeText(first.shape)} and ${shapeText(other.shape)} differ`)
    }
  }
  if (!second) return first
  if (tensors.length === 2) return add(first, second)
  return makeTensor(sumOfOp, tensors, first.dtype, first.shape)
}

/** 1 where true and 0 where false, as a float. */
export function indicator(x: Tensor, dtype: DType = 'float32'): Tensor {
  return cast(x, dtype)
}
