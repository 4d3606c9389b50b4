// Pillow's 8-bit bicubic resize, bit for bit: fixed-point weights, a pass over rows, then one over columns, bytes in between.

import { MaskError } from '../error.ts'
import { antialiasTaps, checkResize, type SizePx, type Taps } from './taps.ts'

/** Interleaved bytes of any number of channels: bytes[(y * widthPx + x) * channels + channel]. */
export type InterleavedBytes = SizePx & { readonly channels: number; readonly bytes: Uint8Array }

/** Fraction bits of a weight: 32 less 8 of the sample less 2 for overshoot (Pillow's choice). */
const FRACTION_BITS = 22
const HALF = 1 << (FRACTION_BITS - 1)

/**
 * Resizes bytes exactly as Pillow's `resize((width, height), BICUBIC)` does for 8-bit grey and RGB: kernel a = -0.5,
 * antialiased when shrinking, aspect ratio not kept. Each channel is resized on its own; Pillow multiplies RGBA by
 * its alpha first, so flatten such pictures before (flattenAlpha). Input and output are row-major and interleaved.
 * Throws MaskError for a side of 0, more than MAX_DENSE_PIXELS pixels, or bytes of the wrong length.
 */
export function resizeBicubicPillow<T extends InterleavedBytes>(
  input: T,
  to: SizePx,
): Omit<T, keyof InterleavedBytes> & Pick<T, 'channels'> & SizePx & { readonly bytes: Uint8Array } {
  const { widthPx, heightPx, channels } = input
  checkResize(input, to)
  if (!Number.isInteger(channels) || channels < 1 || input.bytes.length !== widthPx * heightPx * channels) {
    throw new MaskError(
      'size-mismatch',
      `${widthPx} x ${heightPx} pixels of ${channels} channels take ${widthPx * heightPx * channels} bytes, got ${input.bytes.length}`,
    )
  }
  let bytes = input.bytes
  if (to.widthPx !== widthPx) {
    bytes = alongRows(bytes, heightPx, channels, antialiasTaps('pillow-bicubic', widthPx, to.widthPx))
  }
  if (to.heightPx !== heightPx) {
    bytes = alongColumns(bytes, to.widthPx * channels, antialiasTaps('pillow-bicubic', heightPx, to.heightPx))
  }
  if (bytes === input.bytes) bytes = bytes.slice()
  return { ...input, widthPx: to.widthPx, heightPx: to.heightPx, bytes }
}

function fixedPoint(taps: Taps): Int32Array {
  const out = new Int32Array(taps.weights.length)
  for (let i = 0; i < out.length; i++) {
    const weight = taps.weights[i]! * 2 ** FRACTION_BITS
    out[i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
  }
  return out
}

function alongRows(bytes: Uint8Array, rows: number, channels: number, taps: Taps): Uint8Array {
  const { first, count, stride, sourceLength } = taps
  const weights = fixedPoint(taps)
  const columns = first.length
  const out = new Uint8Array(rows * columns * channels)
  // Stores clamp to 0..255, which is Pillow's clip.
  const clamped = new Uint8ClampedArray(out.buffer)
  let to = 0
  for (let row = 0; row < rows; row++) {
    const line = row * sourceLength * channels
    if (channels === 3) {
      for (let i = 0; i < columns; i++) {
        let at = line + first[i]! * 3
        let red = HALF
        let green = HALF
        let blue = HALF
        for (let w = i * stride, end = w + count[i]!; w < end; w++) {
          const weight = weights[w]!
          red = (red + Math.imul(bytes[at]!, weight)) | 0
          green = (green + Math.imul(bytes[at + 1]!, weight)) | 0
          blue = (blue + Math.imul(bytes[at + 2]!, weight)) | 0
          at += 3
        }
        clamped[to] = red >> FRACTION_BITS
        clamped[to + 1] = green >> FRACTION_BITS
        clamped[to + 2] = blue >> FRACTION_BITS
        to += 3
      }
      continue
    }
    for (let i = 0; i < columns; i++) {
      for (let c = 0; c < channels; c++) {
        let at = line + first[i]! * channels + c
        let sum = HALF
        for (let w = i * stride, end = w + count[i]!; w < end; w++) {
          sum = (sum + Math.imul(bytes[at]!, weights[w]!)) | 0
          at += channels
        }
        clamped[to++] = sum >> FRACTION_BITS
      }
    }
  }
  return out
}

function alongColumns(bytes: Uint8Array, rowBytes: number, taps: Taps): Uint8Array {
  const { first, count, stride } = taps
  const weights = fixedPoint(taps)
  const rows = first.length
  const out = new Uint8Array(rows * rowBytes)
  const clamped = new Uint8ClampedArray(out.buffer)
  const sums = new Int32Array(rowBytes)
  for (let row = 0; row < rows; row++) {
    const to = row * rowBytes
    const source = first[row]! * rowBytes
    const w = row * stride
    if (count[row] === 4) {
      // The common case when growing: four rows at once, no row of sums.
      const w0 = weights[w]!
      const w1 = weights[w + 1]!
      const w2 = weights[w + 2]!
      const w3 = weights[w + 3]!
      const source1 = source + rowBytes
      const source2 = source1 + rowBytes
      const source3 = source2 + rowBytes
      for (let i = 0; i < rowBytes; i++) {
        const upper = (Math.imul(bytes[source + i]!, w0) + Math.imul(bytes[source1 + i]!, w1)) | 0
        const lower = (Math.imul(bytes[source2 + i]!, w2) + Math.imul(bytes[source3 + i]!, w3)) | 0
        clamped[to + i] = (HALF + upper + lower) >> FRACTION_BITS
      }
      continue
    }
    sums.fill(HALF)
    // Three rows at a time, so that the row of sums is loaded and stored a third as often.
    let t = 0
    for (; t + 3 <= count[row]!; t += 3) {
      const w0 = weights[w + t]!
      const w1 = weights[w + t + 1]!
      const w2 = weights[w + t + 2]!
      const line = source + t * rowBytes
      const line1 = line + rowBytes
      const line2 = line1 + rowBytes
      for (let i = 0; i < rowBytes; i++) {
        const two = (Math.imul(bytes[line + i]!, w0) + Math.imul(bytes[line1 + i]!, w1)) | 0
        sums[i] = sums[i]! + two + Math.imul(bytes[line2 + i]!, w2)
      }
    }
    for (; t < count[row]!; t++) {
      const weight = weights[w + t]!
      const line = source + t * rowBytes
      for (let i = 0; i < rowBytes; i++) sums[i] = sums[i]! + Math.imul(bytes[line + i]!, weight)
    }
    for (let i = 0; i < rowBytes; i++) clamped[to + i] = sums[i]! >> FRACTION_BITS
  }
  return out
}
