// Nearest-neighbour enlargement and a convolution as one operation, whose way back never makes the enlarged gradient.

import { GraphError } from '../error.ts'
import { isStatic, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, makeTensor } from '../tensor.ts'
import { sum } from './broadcast.ts'
import { cast } from './cast.ts'
import { conv2d, weightGradient } from './conv.ts'
import { matmul } from './matmul.ts'
import { resize } from './resize.ts'
import { swapAxes } from './shape.ts'

export type UpsampleConvOptions = {
  /** How many times as high and wide; a whole number. */
  readonly factor: number
  readonly bias?: Tensor | undefined
  /** Zeros added around the enlarged picture, less than the kernel's side. Default 0. */
  readonly padding?: number
}

function enlarged(x: Tensor, factor: number): Tensor {
  const [height, width] = x.shape.slice(2) as number[] as [number, number]
  return resize(x, { size: [factor * height, factor * width], mode: 'nearest' })
}

/**
 * The kernel [in, out, k + factor - 1, ...] that takes gradients straight to the small picture at stride `factor`: all
 * places of the mirrored kernel at which it meets one of the small picture's blocks, summed.
 */
function kernelOfBlocks(weight: Tensor, factor: number): Tensor {
  const across = (size: number): Tensor => {
    const side = size + factor - 1
    const band = new Float32Array(side * size)
    for (let tap = 0; tap < size; tap++)
      for (let at = 0; at < factor; at++) band[(at + size - 1 - tap) * size + tap] = 1
    return cast(constant(band, { shape: [side, size] }), weight.dtype)
  }
  const [, , height, width] = weight.shape as readonly number[]
  return matmul(matmul(across(height!), swapAxes(weight, 0, 1)), across(width!), { transposeB: true })
}

export const upsampleConvOp: Op = {
  name: 'UpsampleConv',
  expand: (node) => {
    const [x, weight, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined]
    const { factor, padding } = node.attributes as { factor: number; padding: number }
    return [conv2d(enlarged(x, factor), weight, { bias, padding })]
  },
  gradient: (node, [dy], needs) => {
    const [x, weight, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined]
    const { factor, padding } = node.attributes as { factor: number; padding: number }
    const [height, width] = weight.shape.slice(2) as number[] as [number, number]
    const mirrored = [height - 1 - padding, width - 1 - padding]
    return [
      needs[0]
        ? conv2d(dy!, kernelOfBlocks(weight, factor), {
            stride: factor,
            padding: [...mirrored, ...mirrored],
          })
        : undefined,
      needs[1]
        ? weightGradient(enlarged(x, factor), dy!, {
            kernel: [height, width],
            stride: [1, 1],
            dilation: [1, 1],
            before: [padding, padding],
            after: [padding, padding],
            groups: 1,
          })
        : undefined,
      bias && needs[2] ? sum(dy!, [0, 2, 3]) : undefined,
    ]
  },
}

/**
 * conv2d(resize(x, nearest, factor times as large), weight): x [batch, in, height, width], weight [out, in, kernelHeight,
 * kernelWidth], stride 1. The same numbers; the gradient to x costs (k + factor - 1)² / (k factor)² of the two in turn.
 * @throws GraphError `shape` for what does not fit, `argument` for a factor below 1 or padding as wide as the kernel.
 */
export function upsampleConv2d(x: Tensor, weight: Tensor, options: UpsampleConvOptions): Tensor {
  const { factor, bias, padding = 0 } = options
  if (x.rank !== 4 || weight.rank !== 4 || !isStatic(x.shape.slice(1)) || !isStatic(weight.shape)) {
    throw new GraphError(
      'shape',
      `upsampleConv2d: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`,
      { hint: 'x is [batch, in, height, width], weight [out, in, height, width], numbers but for batch' },
    )
  }
  const least = Math.min(...(weight.shape.slice(2) as number[]))
  if (!Number.isInteger(factor) || factor < 1 || !Number.isInteger(padding) || padding >= least) {
    throw new GraphError('argument', `upsampleConv2d: factor ${factor}, padding ${padding}`, {
      hint: 'the factor is a whole number of at least 1, the padding less than the sides of the kernel',
    })
  }
  const shape = conv2d(enlarged(x, factor), weight, { bias, padding }).shape
  return makeTensor(upsampleConvOp, [x, weight, bias], x.dtype, shape, { factor, padding })
}
