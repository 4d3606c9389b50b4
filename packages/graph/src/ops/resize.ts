// Resizing of pictures with torch's sampling rules (torch.nn.functional.interpolate, align_corners=False, with and without antialias).
// Each axis is a product with a constant matrix, which is exact and differentiable; ONNX Resize stands in where it is exact and faster.

import type { DType } from '../dtype.ts'
import { GraphError } from '../error.ts'
import type { Dim } from '../size.ts'
import { isStatic, sameShape, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { constant, float, makeTensor, sizesVector } from '../tensor.ts'
import { multiply } from './arithmetic.ts'
import { expand, reshape, sum } from './broadcast.ts'
import { cast } from './cast.ts'
import { needFloat, needRank } from './check.ts'
import { gather } from './gather.ts'
import { matmul } from './matmul.ts'
import { averagePool } from './pool.ts'

export type ResizeMode = 'nearest' | 'bilinear' | 'bicubic'
export type ResizeOptions = {
  /** [height, width] in pixels. */
  size: readonly [Dim, Dim]
  mode: ResizeMode
  /** Widens the filter when shrinking, as PIL does; bicubic then uses a = -0.5 instead of -0.75, as torch does. */
  antialias?: boolean
}

const CUBIC = -0.75
const CUBIC_ANTIALIAS = -0.5

function cubic(distance: number, a: number): number {
  const x = Math.abs(distance)
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0
}

/** The matrix [to, from] (row-major) that resizes one axis of `from` pixels to `to` pixels. */
export function resizeMatrix(from: number, to: number, mode: ResizeMode, antialias = false): Float64Array {
  const matrix = new Float64Array(to * from)
  const scale = from / to
  for (let row = 0; row < to; row++) {
    const at = row * from
    if (mode === 'nearest') {
      matrix[at + Math.min(from - 1, Math.floor(row * scale))] = 1
    } else if (antialias) {
      const stretch = Math.max(scale, 1)
      const support = (mode === 'bilinear' ? 1 : 2) * stretch
      const centre = scale * (row + 0.5)
      const first = Math.max(Math.trunc(centre - support + 0.5), 0)
      const last = Math.min(Math.trunc(centre + support + 0.5), from)
      let total = 0
      for (let i = first; i < last; i++) {
        const distance = (i - centre + 0.5) / stretch
        const weight =
          mode === 'bilinear' ? Math.max(0, 1 - Math.abs(distance)) : cubic(distance, CUBIC_ANTIALIAS)
        matrix[at + i] = weight
        total += weight
      }
      for (let i = first; i < last; i++) matrix[at + i]! /= total
    } else if (mode === 'bilinear') {
      const source = Math.max(0, scale * (row + 0.5) - 0.5)
      const low = Math.min(from - 1, Math.floor(source))
      const share = low === from - 1 ? 0 : source - low
      matrix[at + low]! += 1 - share
      if (share > 0) matrix[at + low + 1]! += share
    } else {
      const source = scale * (row + 0.5) - 0.5
      const low = Math.floor(source)
      for (let tap = -1; tap <= 2; tap++) {
        const i = Math.min(from - 1, Math.max(0, low + tap))
        matrix[at + i]! += cubic(source - low - tap, CUBIC)
      }
    }
  }
  return matrix
}

const resizeOp: Op = {
  name: 'Resize',
  gradient: (node, [dy]) => {
    const x = node.inputs[0]!
    const spatial = x.shape.slice(2)
    const sizes = dy!.shape.slice(2)
    if (node.attributes['mode'] === 'nearest' && isStatic(spatial) && isStatic(sizes)) {
      const [up, along] = [0, 1].map((i) => sizes[i]! / spatial[i]!) as [number, number]
      if (Number.isInteger(up) && Number.isInteger(along)) {
        const [height, width] = spatial as [number, number]
        return [blockSums(dy!, [height, width], [up, along]), undefined, undefined, undefined]
      }
    }
    if (!isStatic(spatial) || !isStatic(sizes) || node.attributes['mode'] !== 'linear') {
      throw new GraphError('no-gradient', `resize: ${shapeText(x.shape)} to ${shapeText(dy!.shape)}`, {
        hint: 'give the spatial axes numbers where gradients are needed',
      })
    }
    const [down, across] = [0, 1].map((i) =>
      axisMatrix(spatial[i]!, sizes[i]!, { mode: 'bilinear' }, x.dtype),
    )
    return [matmul(matmul(down!, dy!, { transposeA: true }), across!), undefined, undefined, undefined]
  },
}

/** Sums over blocks of `up` x `along` elements of x [batch, channels, height * up, width * along]. */
function blockSums(
  x: Tensor,
  [height, width]: readonly [number, number],
  [up, along]: readonly [number, number],
): Tensor {
  // Four times as fast as sums over axes as short as a block.
  if (x.dtype === 'float32') return multiply(averagePool(x, { kernel: [up, along] }), up * along)
  const blocks = reshape(x, [x.shape[0]!, x.shape[1]!, height, up, width, along])
  return sum(sum(blocks, 5), 3)
}

function axisMatrix(
  from: number,
  to: number,
  options: Pick<ResizeOptions, 'mode' | 'antialias'>,
  dtype: DType,
): Tensor {
  const matrix = resizeMatrix(from, to, options.mode, options.antialias)
  return cast(
    constant(dtype === 'float64' ? matrix : Float32Array.from(matrix), { shape: [to, from] }),
    dtype,
  )
}

/** Whether the kernel's float32 coordinates are exact: both axes change by a power of two. */
function isPowerOfTwo(ratio: number): boolean {
  return Number.isInteger(Math.log2(ratio))
}

/** ONNX's own kernel, also for sizes that are not known before the run. */
function resizeByKernel(x: Tensor, options: ResizeOptions): Tensor {
  if (options.antialias) {
    throw new GraphError('unsupported', 'resize: antialias over symbolic sizes', {
      hint: 'give the spatial axes numbers',
    })
  }
  const shape = [x.shape[0]!, x.shape[1]!, ...options.size]
  const nearest = options.mode === 'nearest'
  return makeTensor(resizeOp, [x, undefined, undefined, sizesVector(shape)], x.dtype, shape, {
    mode: nearest ? 'nearest' : options.mode === 'bilinear' ? 'linear' : 'cubic',
    coordinate_transformation_mode: nearest ? 'asymmetric' : 'half_pixel',
    nearest_mode: 'floor',
    cubic_coeff_a: float(CUBIC),
  })
}

/** x [batch, channels, height, width] at another size, as torch.nn.functional.interpolate gives it. */
export function resize(x: Tensor, options: ResizeOptions): Tensor {
  needFloat('resize', x)
  needRank('resize', x, 4, '[batch, channels, height, width]')
  const spatial = x.shape.slice(2)
  if (sameShape(spatial, options.size)) return x
  if (!isStatic(spatial) || !isStatic(options.size)) return resizeByKernel(x, options)
  if (options.size.some((size) => !Number.isInteger(size) || (size as number) < 1)) {
    throw new GraphError('argument', `resize: ${shapeText(x.shape)} to [${options.size}]`)
  }
  const [height, width] = spatial as unknown as readonly [number, number]
  const [toHeight, toWidth] = options.size as unknown as readonly [number, number]
  if (options.mode === 'nearest') return resizeNearest(x, [height, width], [toHeight, toWidth])
  const exact = isPowerOfTwo(toHeight / height) && isPowerOfTwo(toWidth / width)
  if (options.mode === 'bilinear' && !options.antialias && x.dtype === 'float32' && exact)
    return resizeByKernel(x, options)
  const across = (t: Tensor) =>
    width === toWidth ? t : matmul(t, axisMatrix(width, toWidth, options, x.dtype), { transposeB: true })
  const down = (t: Tensor) =>
    height === toHeight ? t : matmul(axisMatrix(height, toHeight, options, x.dtype), t)
  // The axis that shrinks more (or grows less) goes first.
  return toWidth / width <= toHeight / height ? down(across(x)) : across(down(x))
}

function resizeNearest(x: Tensor, from: readonly [number, number], to: readonly [number, number]): Tensor {
  const [batch, channels] = x.shape as readonly [Dim, Dim]
  const up = [to[0] / from[0], to[1] / from[1]] as const
  if (Number.isInteger(up[0]) && Number.isInteger(up[1])) {
    // Six times as fast as the expansion, whose innermost axis is only as long as the factor.
    if (x.dtype === 'float32') return resizeByKernel(x, { size: to, mode: 'nearest' })
    const split = reshape(x, [batch, channels, from[0], 1, from[1], 1])
    return reshape(expand(split, [batch, channels, from[0], up[0], from[1], up[1]]), [batch, channels, ...to])
  }
  let result = x
  for (const i of [0, 1] as const) {
    const rows = Array.from({ length: to[i] }, (_, row) =>
      Math.min(from[i] - 1, Math.floor((row * from[i]) / to[i])),
    )
    if (from[i] !== to[i]) result = gather(result, constant(rows, { dtype: 'int64' }), i + 2)
  }
  return result
}
