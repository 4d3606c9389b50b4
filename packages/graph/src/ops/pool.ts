// Pooling over 1 to 3 spatial axes and its gradients (ONNX MaxPool, AveragePool).
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import { isStatic, productOf, shapeText } from '../size.ts'
import type { Node, Op, Tensor } from '../tensor.ts'
import { constant, makeNode, makeTensor } from '../tensor.ts'
import { add, multiply } from './arithmetic.ts'
import { range } from './attention.ts'
import { reshape } from './broadcast.ts'
import { needFloat } from './check.ts'
import { convTranspose, windowCount } from './conv.ts'
import { gather, scatterRows } from './gather.ts'
import { argMax, mean } from './reduce.ts'
import { full } from './shape.ts'
import { pad, slice, stack } from './slice.ts'

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

const plainMaxPoolOp: Op = { name: 'MaxPool' }

// The flat position of each maximum, for targets whose kernel does not give it: of the elements that a window's places
// see, stacked on an axis of their own, the first largest.
function positionsOf(x: Tensor, node: Node): Tensor {
  const kernel = node.attributes['kernel_shape'] as number[]
  const stride = node.attributes['strides'] as number[]
  const padding = (node.attributes['pads'] as number[]).slice(0, kernel.length)
  const spatial = x.shape.slice(2)
  const grid = node.outputs[0]!.shape.slice(2)
  if (!isStatic(spatial) || !isStatic(grid)) {
    throw new GraphError('no-gradient', `maxPool: the symbolic spatial size of ${shapeText(x.shape)}`)
  }
  // Enough at the end for the last window; windows that start beyond are not there.
  const around = kernel.map((_, i): [number, number] => [padding[i]!, padding[i]! + kernel[i]!])
  const padded = pad(x, [[0, 0], [0, 0], ...around], { value: LOWEST })
  const places: Tensor[] = []
  const offsets: number[] = []
  const count = kernel.reduce((a, b) => a * b, 1)
  for (let place = 0; place < count; place++) {
    let seen = padded
    let rest = place
    let offset = 0
    let pitch = 1
    for (let i = kernel.length - 1; i >= 0; i--) {
      const start = rest % kernel[i]!
      rest = Math.floor(rest / kernel[i]!)
      seen = slice(seen, {
        axis: i + 2,
        start,
        end: start + (grid[i]! - 1) * stride[i]! + 1,
        step: stride[i]!,
      })
      offset += (start - padding[i]!) * pitch
      pitch *= spatial[i]!
    }
    places.push(seen)
    offsets.push(offset)
  }
  const first = argMax(stack(places, 0), 0)
  let starts = constant(0, { dtype: 'int64' })
  let pitch = 1
  for (let i = kernel.length - 1; i >= 0; i--) {
    const corners = Array.from({ length: grid[i]! }, (_, at) => at * stride[i]! * pitch)
    const shape = grid.map((size, axis) => (axis === i ? size : 1))
    starts = add(starts, constant(corners, { dtype: 'int64', shape: shape as number[] }))
    pitch *= spatial[i]!
  }
  const planes = range(productOf(x.shape.slice(0, 2)))
  const bases = reshape(multiply(planes, pitch), [...x.shape.slice(0, 2), ...grid.map(() => 1)])
  return add(add(gather(constant(offsets, { dtype: 'int64' }), first), starts), bases)
}

/** Below every element that counts; finite, because some runtimes' comparisons with infinity are not to be relied on. */
const LOWEST = -3e38

// The kernel gives the flat position of each maximum in the whole tensor; the gradient is added there.
export const maxPoolOp: Op = {
  name: 'MaxPool',
  optionalOutputs: true,
  expand: (node, target) => {
    // ONNX Runtime's WebGPU kernel takes the node, and then fails because it has no second output.
    if (target !== 'webgpu') return undefined
    const x = node.inputs[0]!
    const { dtype, shape } = node.outputs[0]!
    return [makeTensor(plainMaxPoolOp, [x], dtype, shape, node.attributes), positionsOf(x, node)]
  },
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
