// Helpers between a loss and an optimiser: gradient clipping, gradients over several micro-batches, half-precision products.
import type { Rewrite } from './build/flatten.ts'
import { GraphError } from './error.ts'
import { add, divide, minimum, multiply, sqrt, sumOf } from './ops/arithmetic.ts'
import { reshape } from './ops/broadcast.ts'
import { cast } from './ops/cast.ts'
import { convOp, convTransposeOp } from './ops/conv.ts'
import { matmulOp } from './ops/matmul.ts'
import type { Op, Tensor } from './tensor.ts'
import { makeTensor } from './tensor.ts'

const sumOfSquaresOp: Op = { name: 'ReduceSumSquare' }

/** Square root of the sum of squares over all elements of all tensors, a scalar. */
export function globalNorm(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 0) throw new GraphError('argument', 'globalNorm: no tensors')
  const parts = tensors.map((tensor) =>
    makeTensor(sumOfSquaresOp, [reshape(tensor, [-1])], tensor.dtype, [], { keepdims: 0 }),
  )
  return sqrt(sumOf(parts))
}

/** The gradients scaled so that their global norm is at most `max` (torch.nn.utils.clip_grad_norm_), and that norm before. */
export function clipByGlobalNorm(
  grads: readonly Tensor[],
  max: number,
): { gradients: Tensor[]; norm: Tensor } {
  if (!(max > 0)) throw new GraphError('argument', `clipByGlobalNorm: max ${max} is not above 0`)
  const norm = globalNorm(grads)
  const scale = minimum(divide(max, add(norm, 1e-6)), 1)
  return { gradients: grads.map((gradient) => multiply(gradient, cast(scale, gradient.dtype))), norm }
}

/** Running sums of gradients: add to `sums` (tensors of the shapes of the gradients, usually fed as state). */
export function accumulate(sums: readonly Tensor[], grads: readonly Tensor[]): Tensor[] {
  if (sums.length !== grads.length) {
    throw new GraphError('argument', `accumulate: ${sums.length} sums for ${grads.length} gradients`)
  }
  return grads.map((gradient, i) => add(sums[i]!, gradient))
}

/**
 * A rewriting for buildModel that runs float32 matrix products and convolutions in float16 and keeps everything else,
 * weights and sums of gradients included, in float32. It gains on WebGPU and CUDA; the CPU has no fast float16 products.
 */
export function productsInHalf(): Rewrite {
  return (node) => {
    if (node.op !== matmulOp && node.op !== convOp && node.op !== convTransposeOp) return undefined
    const output = node.outputs[0]!
    if (output.dtype !== 'float32') return undefined
    const inputs = node.inputs.map((tensor) => tensor && cast(tensor, 'float16'))
    return [cast(makeTensor(node.op, inputs, 'float16', output.shape, node.attributes), 'float32')]
  }
}
