// Pooling over 1 to 3 spatial axes and its gradients (ONNX MaxPool, AveragePool).
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { productOf, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeNode, makeTensor } from '../tensor.ts'
import { multiply } from './arithmetic.ts'
import { needFloat } from './check.ts'
import { convTranspose, windowCount } from './conv.ts'
import { scatterRows } from './gather.ts'
import { mean } from './reduce.ts'
import { full, reshape } from './shape.ts'

type PerAxis = number | readonly number[]
/** Stride is the kernel where it is not given, as in torch. */
export type PoolOptions = { kernel: PerAxis; stride?: PerAxis; padding?: PerAxis }

function spread(what: string, value: PerAxis, rank: number, least: number): number[] {
  const list = typeof value === 'number' ? new Array<number>(rank).fill(value) : [...value]
  if (list.length !== rank || list.some((n) => !Number.isInteger(n) || n < least)) {
    throw new GraphError('argument', `${what} [${list}] for ${rank} spatial axes`)
  }
  return list
}

function geometry(what: string, x: Tensor, options: PoolOptions) {
  needFloat(what, x)
  const rank = x.rank - 2
  if (rank < 1)
    throw new GraphError('shape', `${what}: wants [batch, channels, ...spatial], got ${shapeText(x.shape)}`)
  const kernel = spread(`${what}: kernel`, options.kernel, rank, 1)
  const stride = spread(`${what}: stride`, options.stride ?? kernel, rank, 1)
  const padding = spread(`${what}: padding`, options.padding ?? 0, rank, 0)
  const spatial = x.shape.slice(2).map((size, i): Dim => {
    const count = windowCount(size, {
      kernel: kernel[i]!,
      stride: stride[i]!,
      dilation: 1,
      padding: 2 * padding[i]!,
    })
    if (typeof count === 'number' && count < 1) {
      throw new GraphError('shape', `${what}: a kernel of [${kernel}] does not fit ${shapeText(x.shape)}`)
    }
    return count
  })
  const shape: Shape = [...x.shape.slice(0, 2), ...spatial]
  return { shape, attributes: { kernel_shape: kernel, strides: stride, pads: [...padding, ...padding] } }
}

// The kernel gives the flat position of each maximum in the whole tensor; the gradient is added there.
export const maxPoolOp: Op = {
  name: 'MaxPool',
  optionalOutputs: true,
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const zeros = full([productOf(x.shape)], 0, { dtype: x.dtype })
    const positions = reshape(node.outputs[1]!, [productOf(dy!.shape)])
    return [reshape(scatterRows(zeros, positions, reshape(dy!, [productOf(dy!.shape)])), x.shape)]
  },
}

/** Largest value of each window; x [batch, channels, ...spatial]; the first position wins ties in the gradient. */
export function maxPool(x: Tensor, options: PoolOptions): Tensor {
  const { shape, attributes } = geometry('maxPool', x, options)
  const outputs = [
    { dtype: x.dtype, shape },
    { dtype: 'int64' as const, shape },
  ]
  return makeNode(maxPoolOp, [x], outputs, attributes)[0]!
}

// Each output spreads evenly over its window: a transposed convolution with a kernel of 1/size, one channel at a time.
export const averagePoolOp: Op = {
  name: 'AveragePool',
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const kernel = node.attributes['kernel_shape'] as number[]
    const stride = node.attributes['strides'] as number[]
    const padding = (node.attributes['pads'] as number[]).slice(0, kernel.length)
    const size = kernel.reduce((a, b) => a * b, 1)
    const ones = constant(new Array<number>(size).fill(1), { shape: [1, 1, ...kernel], dtype: x.dtype })
    const one = (t: Tensor) => reshape(t, [productOf(t.shape.slice(0, 2)), 1, ...t.shape.slice(2)])
    const outputPadding = x.shape.slice(2).map((size, i) => {
      const reached = ((dy!.shape[i + 2] as number) - 1) * stride[i]! + kernel[i]! - 2 * padding[i]!
      if (typeof size !== 'number')
        throw new GraphError('no-gradient', `averagePool: the symbolic size ${size}`)
      return size - reached
    })
    const share = one(multiply(dy!, 1 / size))
    return [reshape(convTranspose(share, ones, { stride, padding, outputPadding }), x.shape)]
  },
}

/** Mean of each window; padding counts as zeros, as in torch's default. */
export function averagePool(x: Tensor, options: PoolOptions): Tensor {
  const { shape, attributes } = geometry('averagePool', x, options)
  return makeTensor(averagePoolOp, [x], x.dtype, shape, { ...attributes, count_include_pad: 1 })
}

/** Mean over all positions: [batch, channels]. */
export function globalAveragePool(x: Tensor): Tensor {
  return mean(
    x,
    Array.from({ length: x.rank - 2 }, (_, i) => i + 2),
  )
}
