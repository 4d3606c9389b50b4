// Which source samples make an output sample, and how much each weighs: one table an axis, computed before any pixel is read.
//
// Definitions: Pillow's resampling (support widened by the scale when shrinking) and PyTorch's `interpolate` with
// align_corners=False (bilinear, bicubic with a = -0.75, and bilinear with antialias, which follows Pillow's).

import { MaskError } from '../error.ts'
import { checkSize, MAX_DENSE_PIXELS } from '../mask.ts'

export type SizePx = { readonly widthPx: number; readonly heightPx: number }

/** Output sample i is the sum over t < count[i] of source[first[i] + t] * weights[i * stride + t]. */
export type Taps = {
  readonly sourceLength: number
  readonly first: Int32Array
  readonly count: Int32Array
  readonly weights: Float64Array
  readonly stride: number
}

/**
 * Most weights that one axis may need. An axis of n source samples has about 4 n of them when shrinking and 4 m when
 * growing to m; the longest sides in use (100,000 pixels) stay a factor of 100 below.
 */
const MAX_TAPS = 2 ** 26

/** Throws MaskError unless source and target may be resized into each other: no side 0, at most MAX_DENSE_PIXELS. */
export function checkResize(from: SizePx, to: SizePx): void {
  for (const { widthPx, heightPx } of [from, to, { widthPx: to.widthPx, heightPx: from.heightPx }]) {
    checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
    if (widthPx === 0 || heightPx === 0) {
      throw new MaskError(
        'out-of-range',
        `cannot resize from or to ${widthPx} x ${heightPx} pixels: a side is 0`,
      )
    }
  }
}

function emptyTaps(sourceLength: number, targetLength: number, stride: number): Taps {
  if (targetLength * stride > MAX_TAPS) {
    throw new MaskError(
      'too-large',
      `resizing a side of ${sourceLength} to ${targetLength} needs too many weights`,
    )
  }
  return {
    sourceLength,
    first: new Int32Array(targetLength),
    count: new Int32Array(targetLength),
    weights: new Float64Array(targetLength * stride),
    stride,
  }
}

/** Pillow's bicubic kernel, a = -0.5. */
function bicubicKernel(x: number): number {
  const a = -0.5
  if (x < 0) x = -x
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a
  return 0
}

function asFloat64(x: number): number {
  return x
}

function triangleKernel(x: number): number {
  if (x < 0) x = -x
  return x < 1 ? 1 - x : 0
}

/**
 * Taps whose kernel widens with the scale when shrinking, so that every source sample counts: Pillow's bicubic, worked
 * out in float64 as Pillow does, or PyTorch's antialiased bilinear, in float32 as PyTorch does (positions in float64
 * would differ from it by up to 6e-6 in the result).
 */
export function antialiasTaps(
  kind: 'pillow-bicubic' | 'torch-bilinear',
  sourceLength: number,
  targetLength: number,
): Taps {
  const bicubic = kind === 'pillow-bicubic'
  const round = bicubic ? asFloat64 : Math.fround
  const kernel = bicubic ? bicubicKernel : triangleKernel
  const scale = round(sourceLength / targetLength)
  const filterScale = Math.max(scale, 1)
  const support = (bicubic ? 2 : 1) * filterScale
  const perPixel = round(1 / filterScale)
  const taps = emptyTaps(sourceLength, targetLength, Math.min(sourceLength, Math.ceil(support) * 2 + 1))
  const { first, count, weights, stride } = taps
  for (let i = 0; i < targetLength; i++) {
    const center = round((i + 0.5) * scale)
    const low = Math.max(Math.trunc(center - support + 0.5), 0)
    const high = Math.min(Math.trunc(center + support + 0.5), sourceLength)
    let sum = 0
    for (let j = low; j < high; j++) {
      const weight = round(kernel(round((round(j - center) + 0.5) * perPixel)))
      weights[i * stride + j - low] = weight
      sum = round(sum + weight)
    }
    if (sum !== 0) for (let t = 0; t < high - low; t++) weights[i * stride + t]! /= sum
    first[i] = low
    count[i] = high - low
  }
  return taps
}

/**
 * How the place of a sample is worked out once the scale is: rounded to float32 after each operation, rounded once (a fused
 * operation), or in float64.
 */
export type Rounding = 'each' | 'fused' | 'none'

/**
 * Two taps around the sample position; positions before the first sample count as on it (torch bilinear). The scale is rounded to
 * float32; what follows as `rounding` says.
 */
export function bilinearTaps(sourceLength: number, targetLength: number, rounding: Rounding): Taps {
  const round = rounding === 'none' ? asFloat64 : Math.fround
  const product = rounding === 'each' ? Math.fround : asFloat64
  const taps = emptyTaps(sourceLength, targetLength, 2)
  const scale = Math.fround(sourceLength / targetLength)
  for (let i = 0; i < targetLength; i++) {
    const position = Math.max(0, round(product(scale * (i + 0.5)) - 0.5))
    const low = Math.min(Math.floor(position), sourceLength - 1)
    const both = low + 1 < sourceLength
    taps.first[i] = low
    taps.count[i] = both ? 2 : 1
    taps.weights[2 * i] = both ? round(1 - (position - low)) : 1
    taps.weights[2 * i + 1] = both ? position - low : 0
  }
  return taps
}

/** a * b + c, rounded to float32 once. */
function fused(a: number, b: number, c: number): number {
  return Math.fround(a * b + c)
}

/** Four taps with a = -0.75; samples outside repeat the edge (torch bicubic, in float32 with fused operations). */
export function bicubicTaps(sourceLength: number, targetLength: number): Taps {
  const a = -0.75
  const taps = emptyTaps(sourceLength, targetLength, 4)
  const scale = Math.fround(sourceLength / targetLength)
  const near = (x: number) => fused(Math.fround(fused(a + 2, x, -(a + 3)) * x), x, 1)
  const far = (x: number) => fused(fused(fused(a, x, -5 * a), x, 8 * a), x, -4 * a)
  for (let i = 0; i < targetLength; i++) {
    const position = fused(scale, i + 0.5, -0.5)
    const base = Math.floor(position)
    const t = Math.fround(position - base)
    const rest = Math.fround(1 - t)
    const four = [far(Math.fround(t + 1)), near(t), near(rest), far(Math.fround(rest + 1))]
    const low = Math.min(Math.max(base - 1, 0), sourceLength - 1)
    const high = Math.min(Math.max(base + 2, 0), sourceLength - 1)
    for (let k = 0; k < 4; k++) {
      const at = Math.min(Math.max(base - 1 + k, 0), sourceLength - 1)
      taps.weights[4 * i + at - low]! += four[k]!
    }
    taps.first[i] = low
    taps.count[i] = high - low + 1
  }
  return taps
}
