// Activation functions with gradients of few nodes (GELU: Hendrycks & Gimpel 2016; SiLU: Elfwing et al. 2017).
import type { Node, Op, Tensor } from '../tensor.ts'
import { float, makeTensor } from '../tensor.ts'
import { add, erf, exp, greater, multiply, negate, subtract, where } from './arithmetic.ts'
import { needFloat } from './check.ts'

function unary(op: Op, what: string, x: Tensor): Tensor {
  needFloat(what, x)
  return makeTensor(op, [x], x.dtype, x.shape)
}

export const reluOp: Op = {
  name: 'Relu',
  gradient: (node, [dy]) => [where(greater(node.inputs[0]!, 0), dy!, 0)],
}
export function relu(x: Tensor): Tensor {
  return unary(reluOp, 'relu', x)
}

export const sigmoidOp: Op = {
  name: 'Sigmoid',
  gradient: (node, [dy]) => {
    const y = node.outputs[0]!
    return [multiply(dy!, multiply(y, subtract(1, y)))]
  },
}
export function sigmoid(x: Tensor): Tensor {
  return unary(sigmoidOp, 'sigmoid', x)
}

export const tanhOp: Op = {
  name: 'Tanh',
  gradient: (node, [dy]) => {
    const y = node.outputs[0]!
    return [multiply(dy!, subtract(1, multiply(y, y)))]
  },
}
export function tanh(x: Tensor): Tensor {
  return unary(tanhOp, 'tanh', x)
}

export const softplusOp: Op = {
  name: 'Softplus',
  gradient: (node, [dy]) => [multiply(dy!, sigmoid(node.inputs[0]!))],
}
/** log(1 + exp(x)), without overflow. */
export function softplus(x: Tensor): Tensor {
  return unary(softplusOp, 'softplus', x)
}

/** x · sigmoid(x). */
export function silu(x: Tensor): Tensor {
  return unary(siluOp, 'silu', x)
}
export const siluOp: Op = {
  name: 'Silu',
  expand: (node) => [multiply(node.inputs[0]!, sigmoid(node.inputs[0]!))],
  // d(x s) = s + x s (1 - s) = s + y (1 - s) with y = x s.
  gradient: (node, [dy]) => {
    const s = sigmoid(node.inputs[0]!)
    return [multiply(dy!, add(s, multiply(node.outputs[0]!, subtract(1, s))))]
  },
}

const fusedGeluOp: Op = { name: 'Gelu', domain: 'com.microsoft' }

export const geluOp: Op = {
  name: 'GeluErf',
  expand: (node, target) => {
    const x = node.inputs[0]!
    if ((target === 'cpu' || target === 'web' || target === 'cuda') && x.dtype === 'float32') {
      return [makeTensor(fusedGeluOp, [x], x.dtype, x.shape)]
    }
    return [multiply(multiply(x, add(erf(multiply(x, Math.SQRT1_2)), 1)), 0.5)]
  },
  // Φ(x) + x φ(x) with u = x / √2: Φ is 0.5 erf(u) + 0.5 and x φ(x) is u exp(ln(1/√π) - u²), which is one pass over memory
  // fewer than with its factor apart. Both are made anew here: keeping erf(u) from the forward pass would save one pass
  // and hold two more tensors of this size for every layer until the backward pass.
  gradient: (node, [dy]) => {
    const u = multiply(node.inputs[0]!, Math.SQRT1_2)
    const share = makeTensor(hardSigmoidOp, [erf(u)], u.dtype, u.shape, {
      alpha: float(0.5),
      beta: float(0.5),
    })
    const slope = multiply(exp(subtract(-0.5 * Math.log(Math.PI), multiply(u, u))), u)
    return [multiply(dy!, add(share, slope))]
  },
}

// min(max(alpha x + beta, 0), 1): on values of erf the limits are never passed, and one kernel scales and shifts at once.
const hardSigmoidOp: Op = { name: 'HardSigmoid' }

const GELU_SCALE = Math.sqrt(2 / Math.PI)
const GELU_CUBE = 0.044715

const tanhOfGelu = (x: Tensor): Tensor =>
  tanh(multiply(multiply(x, add(multiply(multiply(x, x), GELU_CUBE), 1)), GELU_SCALE))

export const geluTanhOp: Op = {
  name: 'GeluTanh',
  expand: (node) => {
    const x = node.inputs[0]!
    return [multiply(multiply(x, 0.5), add(tanhOfGelu(x), 1))]
  },
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const t = tanhOfGelu(x)
    const inner = multiply(add(multiply(multiply(x, x), 3 * GELU_CUBE), 1), GELU_SCALE / 2)
    const slope = multiply(multiply(x, subtract(1, multiply(t, t))), inner)
    return [multiply(dy!, add(multiply(add(t, 1), 0.5), slope))]
  },
}

/** Gaussian error linear unit: x Φ(x), exactly by erf or by the tanh approximation. */
export function gelu(x: Tensor, options: { approximate?: 'none' | 'tanh' } = {}): Tensor {
  return unary(options.approximate === 'tanh' ? geluTanhOp : geluOp, 'gelu', x)
}

export const leakyReluOp: Op = {
  name: 'LeakyRelu',
  // ONNX Runtime's kernels are of single precision alone.
  expand: (node) => {
    const x = node.inputs[0]!
    return x.dtype === 'float32' ? undefined : [where(greater(x, 0), x, multiply(x, slopeOf(node)))]
  },
  gradient: (node, [dy]) => [where(greater(node.inputs[0]!, 0), dy!, multiply(dy!, slopeOf(node)))],
}

const slopeOf = ({ attributes }: Node): number => (attributes['alpha'] as { readonly float: number }).float

/** x where positive, slope · x elsewhere. */
export function leakyRelu(x: Tensor, slope = 0.01): Tensor {
  needFloat('leakyRelu', x)
  return makeTensor(leakyReluOp, [x], x.dtype, x.shape, { alpha: float(slope) })
}

/** log(sigmoid(x)), without overflow. */
export function logSigmoid(x: Tensor): Tensor {
  return negate(softplus(negate(x)))
}
