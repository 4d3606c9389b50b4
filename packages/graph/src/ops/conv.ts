// Convolutions over 1 to 3 spatial axes and their gradients (ONNX Conv, ConvTranspose; torch weight layouts).
import { GraphError } from '../error.ts'
import type { Dim, Shape } from '../size.ts'
import {
  addDims,
  floorDivideDim,
  isStatic,
  multiplyDims,
  productOf,
  shapeText,
  subtractDims,
} from '../size.ts'
import type { Attributes, Node, Op, Tensor } from '../tensor.ts'
import { makeTensor } from '../tensor.ts'
import { reshape, sum } from './broadcast.ts'
import { needFloat, sameDType } from './check.ts'
import { matmul } from './matmul.ts'
import { full, permute, swapAxes } from './shape.ts'
import { concat, flip, pad, slice, stack } from './slice.ts'

type PerAxis = number | readonly number[]
export type ConvOptions = {
  bias?: Tensor | undefined
  /** One number for all spatial axes, or one an axis. */
  stride?: PerAxis
  dilation?: PerAxis
  /** Zeros added at both ends of each spatial axis; one number, one an axis, or [before..., after...]. */
  padding?: PerAxis
  groups?: number
}

type Geometry = {
  kernel: readonly number[]
  stride: readonly number[]
  dilation: readonly number[]
  before: readonly number[]
  after: readonly number[]
  groups: number
}

function perAxis(what: string, value: PerAxis | undefined, rank: number, otherwise: number): number[] {
  const list = value === undefined ? otherwise : value
  const all = typeof list === 'number' ? new Array<number>(rank).fill(list) : [...list]
  if (all.length !== rank || all.some((n) => !Number.isInteger(n) || n < 0)) {
    throw new GraphError('argument', `${what} [${all}] for ${rank} spatial axes`)
  }
  return all
}

function geometryOf(what: string, x: Tensor, weight: Tensor, options: ConvOptions): Geometry {
  needFloat(what, x)
  sameDType(what, x, weight)
  const rank = x.rank - 2
  if (rank < 1 || weight.rank !== x.rank) {
    throw new GraphError('shape', `${what}: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`, {
      hint: 'x is [batch, channels, ...spatial]; weight has as many axes',
    })
  }
  const both = typeof options.padding === 'object' && options.padding.length === 2 * rank
  const padding = options.padding as readonly number[]
  const stride = perAxis(`${what}: stride`, options.stride, rank, 1)
  const dilation = perAxis(`${what}: dilation`, options.dilation, rank, 1)
  if (stride.includes(0) || dilation.includes(0))
    throw new GraphError('argument', `${what}: a stride or dilation of 0`)
  return {
    kernel: weight.shape.slice(2) as number[],
    stride,
    dilation,
    before: perAxis(`${what}: padding`, both ? padding.slice(0, rank) : options.padding, rank, 0),
    after: perAxis(`${what}: padding`, both ? padding.slice(rank) : options.padding, rank, 0),
    groups: options.groups ?? 1,
  }
}

function attributesOf(geometry: Geometry): Attributes {
  return {
    kernel_shape: geometry.kernel,
    strides: geometry.stride,
    dilations: geometry.dilation,
    pads: [...geometry.before, ...geometry.after],
    group: geometry.groups,
  }
}

function geometryOfNode({ attributes }: Node): Geometry {
  const pads = attributes['pads'] as number[]
  return {
    kernel: attributes['kernel_shape'] as number[],
    stride: attributes['strides'] as number[],
    dilation: attributes['dilations'] as number[],
    before: pads.slice(0, pads.length / 2),
    after: pads.slice(pads.length / 2),
    groups: attributes['group'] as number,
  }
}

/** Size of an axis after a strided window: floor((size + padding - dilation (kernel - 1) - 1) / stride) + 1. */
export function windowCount(
  size: Dim,
  axis: { kernel: number; stride: number; dilation: number; padding: number },
): Dim {
  const reach = axis.padding - axis.dilation * (axis.kernel - 1) - 1
  return addDims(floorDivideDim(addDims(size, reach), axis.stride), 1)
}

function convShape(what: string, x: Tensor, geometry: Geometry): Shape {
  return x.shape.slice(2).map((size, i) => {
    const count = windowCount(size, {
      kernel: geometry.kernel[i]!,
      stride: geometry.stride[i]!,
      dilation: geometry.dilation[i]!,
      padding: geometry.before[i]! + geometry.after[i]!,
    })
    if (typeof count === 'number' && count < 1) {
      throw new GraphError(
        'shape',
        `${what}: a kernel of [${geometry.kernel}] does not fit ${shapeText(x.shape)}`,
      )
    }
    return count
  })
}

export const convOp: Op = {
  name: 'Conv',
  gradient: (node, [dy], needs) => {
    const [x, weight, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined]
    const geometry = geometryOfNode(node)
    return [
      needs[0] ? transposeTo(dy!, weight, geometry, x.shape) : undefined,
      needs[1] ? weightGradient(x, dy!, geometry) : undefined,
      bias && needs[2] ? sum(dy!, otherThanChannels(dy!)) : undefined,
    ]
  },
}

const otherThanChannels = (x: Tensor) => x.shape.map((_, axis) => axis).filter((axis) => axis !== 1)

/** Up to this many channels, all taps of a kernel go into one product; with more, one product a tap moves less memory. */
const JOINED_CHANNELS = 16

/** The transposed convolution that has exactly the shape of the convolution's input. */
function transposeTo(dy: Tensor, weight: Tensor, geometry: Geometry, shape: Shape): Tensor {
  const { kernel, dilation, before, after, groups } = geometry
  const mirrored = (padding: readonly number[]) =>
    kernel.map((size, i) => dilation[i]! * (size - 1) - padding[i]!)
  const pads = [...mirrored(before), ...mirrored(after)]
  // At stride 1 it is a convolution with the mirrored kernel, which ONNX Runtime's CPU does in two thirds of the time.
  if (geometry.stride.every((step) => step === 1) && pads.every((size) => size >= 0)) {
    const [out, perGroup] = weight.shape as readonly number[]
    let turned = weight
    for (let axis = 2; axis < weight.rank; axis++) if (weight.shape[axis] !== 1) turned = flip(turned, axis)
    turned = swapAxes(reshape(turned, [groups, out! / groups, perGroup!, ...kernel]), 1, 2)
    turned = reshape(turned, [groups * perGroup!, out! / groups, ...kernel])
    return makeTensor(convOp, [dy, turned], dy.dtype, shape, { ...attributesOf(geometry), pads })
  }
  const extra = shape.slice(2).map((size, i) => {
    const missing = subtractDims(size, transposedSize(dy.shape[i + 2]!, geometry, i, 0))
    if (typeof missing !== 'number') {
      throw new GraphError(
        'no-gradient',
        `conv: stride ${geometry.stride[i]} over the symbolic size ${size}`,
        {
          hint: 'give the spatial axes numbers where gradients are needed',
        },
      )
    }
    return missing
  })
  return makeTensor(convTransposeOp, [dy, weight], dy.dtype, shape, {
    ...attributesOf(geometry),
    output_padding: extra,
  })
}

/**
 * Gradient of a convolution's weight: for each tap of the kernel, the product of `small` (on the output grid) with
 * the elements of `big` that the tap touches, summed over batch and positions. Also right for transposed convolutions
 * with the two exchanged. Gives [small channels, big channels / groups, ...kernel].
 */
export function weightGradient(big: Tensor, small: Tensor, geometry: Geometry): Tensor {
  const { kernel, stride, before, after, groups } = geometry
  const batch = big.shape[0]!
  const bigChannels = big.shape[1] as number
  const smallChannels = small.shape[1] as number
  const grid = small.shape.slice(2)
  const positions = productOf(grid)
  const rows = reshape(small, [batch, groups, smallChannels / groups, positions])
  const around: [number, number][] = [
    [0, 0],
    [0, 0],
  ]
  for (let i = 0; i < kernel.length; i++) around.push([before[i]!, after[i]!])
  const padded = pad(big, around)
  const along = laidOut(padded, small, geometry)
  if (along !== undefined) return along
  const taps = tapOffsets(kernel, geometry.dilation).map((offsets) => {
    const seen = offsets.reduceRight((part, offset, i) => {
      const span = addDims(multiplyDims(addDims(grid[i]!, -1), stride[i]!), 1)
      return slice(part, { axis: i + 2, start: offset, end: addDims(span, offset), step: stride[i]! })
    }, padded)
    return reshape(seen, [batch, groups, bigChannels / groups, positions])
  })
  const count = taps.length
  const wide = bigChannels / groups
  if (wide <= JOINED_CHANNELS || count === 1) {
    const columns = reshape(stack(taps, 3), [batch, groups, wide * count, positions])
    return reshape(sum(matmul(rows, columns, { transposeB: true }), 0), [smallChannels, wide, ...kernel])
  }
  const parts = taps.map((columns) => sum(matmul(rows, columns, { transposeB: true }), 0))
  return reshape(stack(parts, -1), [smallChannels, wide, ...kernel])
}

/** For each tap of a kernel, in row-major order, how far it lies from the first along each axis. */
function tapOffsets(kernel: readonly number[], dilation: readonly number[]): number[][] {
  return kernel.reduce<number[][]>(
    (taps, size, axis) =>
      taps.flatMap((offsets) => Array.from({ length: size }, (_, at) => [...offsets, at * dilation[axis]!])),
    [[]],
  )
}

/** More than this share of ends beyond the grid costs more in the products than pieces in a row save. */
const MOST_ENDS = 1 / 8

/**
 * The same at stride 1 where sizes are numbers and grids are wide, as one product for all taps. Both sides are laid out
 * with rows as long as those of `padded`, so that a tap is one distance in memory. A distance is made of two: that along all
 * axes but the last is taken by copies of `small`, each that much further back in a row of its own; that along the last one
 * by copies of `padded`, each that much further ahead.
 */
function laidOut(padded: Tensor, small: Tensor, geometry: Geometry): Tensor | undefined {
  const { kernel, dilation, stride, groups } = geometry
  const [batch, bigChannels] = padded.shape as readonly [Dim, number]
  const smallChannels = small.shape[1] as number
  const [symbolicGrid, symbolicSizes] = [small.shape.slice(2), padded.shape.slice(2)]
  if (!isStatic(symbolicGrid) || !isStatic(symbolicSizes) || stride.some((step) => step !== 1))
    return undefined
  const [grid, sizes]: readonly (readonly number[])[] = [symbolicGrid, symbolicSizes]
  const ends = sizes.slice(1).map((size, i) => size - grid[i + 1]!)
  if (ends.some((end, i) => end > MOST_ENDS * grid[i + 1]!)) return undefined
  const steps = sizes.map((_, axis) => productOf(sizes.slice(axis + 1)) as number)
  const outer = tapOffsets(kernel.slice(0, -1), dilation).map((offsets) =>
    offsets.reduce((total, offset, axis) => total + offset * steps[axis]!, 0),
  )
  const inner = tapOffsets(kernel.slice(-1), dilation.slice(-1)).map(([offset]) => offset!)
  const wide = pad(small, [[0, 0], [0, 0], [0, 0], ...ends.map((end) => [0, end] as const)])
  // Long enough that a copy ahead ends where the next begins.
  const length = (productOf(sizes) as number) + (inner[1] ?? 0)
  const rows = inRows(reshape(wide, [batch, groups, smallChannels / groups, -1]), outer, length)
  const columns = inRows(
    reshape(padded, [batch, groups, bigChannels / groups, -1]),
    inner.map((offset) => -offset),
    length,
  )
  const products = sum(matmul(rows, columns, { transposeB: true }), 0)
  const byTap = [groups, smallChannels / groups, outer.length, bigChannels / groups, inner.length]
  const ordered = permute(reshape(products, byTap), [0, 1, 3, 2, 4])
  return reshape(ordered, [smallChannels, bigChannels / groups, ...kernel])
}

/**
 * x [batch, groups, channels, n] -> [batch, groups, channels * starts.length, length]: for each channel and start, a row
 * that has x from that place on. What lies before a row's own x, or after it, is zero or the start of the next copy.
 */
function inRows(x: Tensor, starts: readonly number[], length: number): Tensor {
  const [batch, groups, channels, elements] = x.shape as readonly [Dim, number, number, number]
  const parts: Tensor[] = []
  const zeros = (count: number): void => {
    if (count > 0) parts.push(full([batch, groups, channels, count], 0, { dtype: x.dtype }))
  }
  let at = 0
  for (const [row, start] of starts.entries()) {
    zeros(row * length + start - at)
    parts.push(x)
    at = row * length + start + elements
  }
  zeros(starts.length * length - at)
  return reshape(concat(parts, 3), [batch, groups, channels * starts.length, length])
}

/**
 * Convolution of x [batch, in, ...spatial] with weight [out, in / groups, ...kernel] (torch.nn.Conv1d, 2d, 3d).
 * @throws GraphError `shape` when channels or groups do not fit, or the kernel is larger than the padded input.
 */
export function conv(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  const geometry = geometryOf('conv', x, weight, options)
  const channels = x.shape[1]!
  const [out, perGroup] = weight.shape as readonly number[]
  if (channels !== perGroup! * geometry.groups || out! % geometry.groups !== 0) {
    throw new GraphError(
      'shape',
      `conv: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)} and ${geometry.groups} groups: ${channels} channels, weight wants ${perGroup! * geometry.groups}`,
      { hint: 'weight is [out, in / groups, ...kernel]' },
    )
  }
  checkBias('conv', options.bias, out!)
  const shape = [x.shape[0]!, out!, ...convShape('conv', x, geometry)]
  return makeTensor(convOp, [x, weight, options.bias], x.dtype, shape, attributesOf(geometry))
}

function checkBias(what: string, bias: Tensor | undefined, channels: number): void {
  if (bias && (bias.rank !== 1 || bias.shape[0] !== channels)) {
    throw new GraphError('shape', `${what}: bias ${shapeText(bias.shape)} for ${channels} output channels`)
  }
}

/** conv() for pictures: x [batch, in, height, width], weight [out, in / groups, kernelHeight, kernelWidth]. */
export function conv2d(x: Tensor, weight: Tensor, options: ConvOptions = {}): Tensor {
  if (x.rank !== 4) {
    throw new GraphError('shape', `conv2d: wants [batch, channels, height, width], got ${shapeText(x.shape)}`)
  }
  return conv(x, weight, options)
}

function transposedSize(size: Dim, geometry: Geometry, i: number, extra: number): Dim {
  const grown = multiplyDims(addDims(size, -1), geometry.stride[i]!)
  const reach = geometry.dilation[i]! * (geometry.kernel[i]! - 1) + 1
  return addDims(grown, reach - geometry.before[i]! - geometry.after[i]! + extra)
}

export const convTransposeOp: Op = {
  name: 'ConvTranspose',
  gradient: (node, [dy], needs) => {
    const [x, weight, bias] = node.inputs as readonly [Tensor, Tensor, Tensor | undefined]
    const geometry = geometryOfNode(node)
    return [
      needs[0] ? makeTensor(convOp, [dy!, weight], x.dtype, x.shape, attributesOf(geometry)) : undefined,
      needs[1] ? weightGradient(dy!, x, geometry) : undefined,
      bias && needs[2] ? sum(dy!, otherThanChannels(dy!)) : undefined,
    ]
  },
}

/** Transposed convolution with weight [in, out / groups, ...kernel] (torch.nn.ConvTranspose1d, 2d, 3d). */
export function convTranspose(
  x: Tensor,
  weight: Tensor,
  options: ConvOptions & { outputPadding?: PerAxis } = {},
): Tensor {
  const geometry = geometryOf('convTranspose', x, weight, options)
  const [channels, perGroup] = weight.shape as readonly number[]
  if (x.shape[1] !== channels || channels! % geometry.groups !== 0) {
    throw new GraphError(
      'shape',
      `convTranspose: x ${shapeText(x.shape)} with weight ${shapeText(weight.shape)}`,
      {
        hint: 'weight is [in, out / groups, ...kernel]',
      },
    )
  }
  const extra = perAxis('convTranspose: outputPadding', options.outputPadding, x.rank - 2, 0)
  const out = perGroup! * geometry.groups
  checkBias('convTranspose', options.bias, out)
  const spatial = x.shape.slice(2).map((size, i) => transposedSize(size, geometry, i, extra[i]!))
  return makeTensor(convTransposeOp, [x, weight, options.bias], x.dtype, [x.shape[0]!, out, ...spatial], {
    ...attributesOf(geometry),
    output_padding: extra,
  })
}

/** convTranspose() for pictures. */
export const convTranspose2d = convTranspose
