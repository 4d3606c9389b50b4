// Resizing of float planes as PyTorch's `interpolate` does with align_corners=False: bilinear, antialiased bilinear, bicubic.

import { MaskError } from '../error.ts'
import {
  antialiasTaps,
  bicubicTaps,
  bilinearTaps,
  checkResize,
  type Rounding,
  type SizePx,
  type Taps,
} from './taps.ts'

/** One or more planes of float32 samples: values[(plane * heightPx + y) * widthPx + x]. */
export type FloatPlanes = SizePx & {
  /** How many planes lie behind each other. Default 1. */
  readonly planes?: number
  readonly values: Float32Array
}

export type BilinearOptions = {
  /** The triangle widens when shrinking, as torchvision and SAMTok's mask input want it. Default: two samples an axis whatever the scale. */
  readonly antialias?: boolean
  /**
   * Without antialias: how places of samples are rounded. 'float32' (default) is PyTorch 2.15's CPU code for planes behind each
   * other; 'float64' the older code that the recorded values of SAMTok and HiMTok come from.
   */
  readonly positions?: 'float32' | 'float64'
}

/**
 * Bilinear resize of each plane. Agrees with PyTorch 2.15's CPU result for samples in 0 to 1 to 2e-7, with antialias to 2e-6. Its
 * code for interleaved samples (`channels_last` of four channels and more; on one thread three planes, too) is up to 5e-5 from that for planes.
 * Throws MaskError for a side of 0, more than MAX_DENSE_PIXELS pixels or a wrong length.
 */
export function resizeBilinear(
  input: FloatPlanes,
  to: SizePx,
  options: BilinearOptions = {},
): Required<FloatPlanes> {
  const { antialias = false, positions = 'float32' } = options
  const rounding = positions === 'float64' ? 'none' : roundingOf(to)
  const table = (n: number, m: number) =>
    antialias ? antialiasTaps('torch-bilinear', n, m) : bilinearTaps(n, m, rounding)
  return resample(input, to, table)
}

/** PyTorch takes its fused code where width and height of the result together are at most this. */
const FUSED_SIDES_PX = 128

function roundingOf({ widthPx, heightPx }: SizePx): Rounding {
  return widthPx + heightPx <= FUSED_SIDES_PX ? 'fused' : 'each'
}

/**
 * Bicubic resize of each plane with a = -0.75 and repeated edges, without antialias: PyTorch's `mode='bicubic'`, which
 * SAM 2's trunk uses for its position embedding. Errors as resizeBilinear.
 */
export function resizeBicubic(input: FloatPlanes, to: SizePx): Required<FloatPlanes> {
  return resample(input, to, bicubicTaps)
}

function resample(
  input: FloatPlanes,
  to: SizePx,
  table: (sourceLength: number, targetLength: number) => Taps,
): Required<FloatPlanes> {
  const { widthPx, heightPx, planes = 1, values } = input
  checkResize(input, to)
  if (!Number.isInteger(planes) || planes < 0 || values.length !== planes * widthPx * heightPx) {
    throw new MaskError(
      'size-mismatch',
      `${planes} planes of ${widthPx} x ${heightPx} have ${planes * widthPx * heightPx} samples, got ${values.length}`,
    )
  }
  const across = table(widthPx, to.widthPx)
  const down = table(heightPx, to.heightPx)
  const out = new Float32Array(planes * to.widthPx * to.heightPx)
  const narrowed = new Float32Array(heightPx * to.widthPx)
  const sums = new Float64Array(to.widthPx)
  for (let plane = 0; plane < planes; plane++) {
    alongRows(values, plane * widthPx * heightPx, heightPx, across, narrowed)
    alongColumns(narrowed, to.widthPx, down, out, plane * to.widthPx * to.heightPx, sums)
  }
  return { widthPx: to.widthPx, heightPx: to.heightPx, planes, values: out }
}

function alongRows(values: Float32Array, start: number, rows: number, taps: Taps, out: Float32Array): void {
  const { first, count, weights, stride, sourceLength } = taps
  let to = 0
  for (let row = 0; row < rows; row++) {
    const line = start + row * sourceLength
    for (let i = 0; i < first.length; i++) {
      let at = line + first[i]!
      if (count[i] === 2) {
        out[to++] = values[at]! * weights[i * stride]! + values[at + 1]! * weights[i * stride + 1]!
        continue
      }
      let sum = 0
      for (let w = i * stride, end = w + count[i]!; w < end; w++) sum += values[at++]! * weights[w]!
      out[to++] = sum
    }
  }
}

function alongColumns(
  values: Float32Array,
  columns: number,
  taps: Taps,
  out: Float32Array,
  start: number,
  sums: Float64Array,
): void {
  const { first, count, weights, stride } = taps
  for (let row = 0; row < first.length; row++) {
    const to = start + row * columns
    if (count[row] === 2) {
      // Growing bilinearly, which every decoded mask does: two rows at once, no row of sums.
      const upper = first[row]! * columns
      const lower = upper + columns
      const upperWeight = weights[row * stride]!
      const lowerWeight = weights[row * stride + 1]!
      for (let i = 0; i < columns; i++) {
        out[to + i] = values[upper + i]! * upperWeight + values[lower + i]! * lowerWeight
      }
      continue
    }
    sums.fill(0)
    for (let t = 0; t < count[row]!; t++) {
      const weight = weights[row * stride + t]!
      const line = (first[row]! + t) * columns
      for (let i = 0; i < columns; i++) sums[i] = sums[i]! + values[line + i]! * weight
    }
    out.set(sums, to)
  }
}
