// torchvision's 8-bit bicubic resize with antialias, bit for bit: what the picture processors of Qwen's models do by default.

import {
  checkBytes,
  type FixedTaps,
  fixedPoint,
  type InterleavedBytes,
  type ResizedBytes,
  resizeInPasses,
} from './fixed-point.ts'
import { antialiasTaps, type SizePx } from './taps.ts'

/** Most fraction bits of a weight (PyTorch's bound), reached where every weight is below 2 ** -7. */
const MAX_FRACTION_BITS = 22

/** Weights are signed 16-bit numbers. */
const WEIGHT_LIMIT = 2 ** 15

/**
 * Resizes bytes exactly as torchvision's `resize(size, BICUBIC, antialias=True)` does for uint8 tensors on the CPU:
 * Pillow's kernel (a = -0.5) and Pillow's reach, rows before columns at every size, but weights of 16 bits whose
 * precision follows the largest weight of an axis; up to 1 level away from Pillow where the order of passes is the
 * same. Each channel is resized on its own. Input and output are row-major and interleaved; torchvision's tensors are
 * planar. Throws MaskError for a side of 0, more than MAX_DENSE_PIXELS pixels, or bytes of the wrong length.
 */
export function resizeBicubicTorchvision<T extends InterleavedBytes>(input: T, to: SizePx): ResizedBytes<T> {
  checkBytes(input, to)
  return resizeInPasses(input, to, torchvisionTaps)
}

function torchvisionTaps(sourceLength: number, targetLength: number): FixedTaps {
  const taps = antialiasTaps('pillow-bicubic', sourceLength, targetLength)
  let largest = 0
  for (const weight of taps.weights) if (weight > largest) largest = weight
  let bits = 0
  while (bits < MAX_FRACTION_BITS && Math.trunc(0.5 + largest * 2 ** (bits + 1)) < WEIGHT_LIMIT) bits++
  return fixedPoint(taps, bits)
}
