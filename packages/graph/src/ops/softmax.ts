// Softmax and log-softmax with compact gradients (ONNX Softmax, LogSoftmax).
import type { Op, Tensor } from '../tensor.ts'
import { makeTensor } from '../tensor.ts'
import { exp, multiply, subtract } from './arithmetic.ts'
import { sum } from './broadcast.ts'
import { axisOf, needFloat } from './check.ts'

// dx = y (dy - sum(dy y)), written as p - y sum(p) with p = dy y: one product fewer.
export const softmaxOp: Op = {
  name: 'Softmax',
  gradient: (node, [dy]) => {
    const y = node.outputs[0]!
    const axis = node.attributes['axis'] as number
    const p = multiply(dy!, y)
    return [subtract(p, multiply(y, sum(p, axis, { keepDims: true })))]
  },
}

/** exp(x) / sum(exp(x)) along `axis`. */
export function softmax(x: Tensor, axis = -1): Tensor {
  needFloat('softmax', x)
  return makeTensor(softmaxOp, [x], x.dtype, x.shape, { axis: axisOf('softmax', axis, x.rank) })
}

export const logSoftmaxOp: Op = {
  name: 'LogSoftmax',
  gradient: (node, [dy]) => {
    const axis = node.attributes['axis'] as number
    return [subtract(dy!, multiply(exp(node.outputs[0]!), sum(dy!, axis, { keepDims: true })))]
  },
}

/** log(softmax(x)) along `axis`, without overflow. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  needFloat('logSoftmax', x)
  return makeTensor(logSoftmaxOp, [x], x.dtype, x.shape, { axis: axisOf('logSoftmax', axis, x.rank) })
}
