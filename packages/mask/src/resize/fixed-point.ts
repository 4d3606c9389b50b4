// The passes of an 8-bit resize in whole numbers, which Pillow and PyTorch share: weights as integers, a sum rounded once, clipped bytes.

import { MaskError } from '../error.ts'
import { checkResize, type SizePx, type Taps } from './taps.ts'

/** Interleaved bytes of any number of channels: bytes[(y * widthPx + x) * channels + channel]. */
export type InterleavedBytes = SizePx & { readonly channels: number; readonly bytes: Uint8Array }

/** An input as the resize returns it: the size and bytes are new, everything else is the input's. */
export type ResizedBytes<T extends InterleavedBytes> = Omit<T, keyof InterleavedBytes> &
  Pick<T, 'channels'> &
  SizePx & { readonly bytes: Uint8Array }

/** Taps whose weights are whole numbers: the real weight is weights[i] / 2 ** fractionBits. */
export type FixedTaps = Omit<Taps, 'weights'> & {
  readonly weights: Int32Array
  readonly fractionBits: number
}

/** Throws MaskError unless the bytes are as many as the size says and both sizes can be resized into each other. */
export function checkBytes(input: InterleavedBytes, to: SizePx): void {
  const { widthPx, heightPx, channels } = input
  checkResize(input, to)
  if (!Number.isInteger(channels) || channels < 1 || input.bytes.length !== widthPx * heightPx * channels) {
    throw new MaskError(
      'size-mismatch',
      `${widthPx} x ${heightPx} pixels of ${channels} channels take ${widthPx * heightPx * channels} bytes, got ${input.bytes.length}`,
    )
  }
}

/** Weights rounded to `fractionBits`, halves away from zero. */
export function fixedPoint(taps: Taps, fractionBits: number): FixedTaps {
  const weights = new Int32Array(taps.weights.length)
  for (let i = 0; i < weights.length; i++) {
    const weight = taps.weights[i]! * 2 ** fractionBits
    weights[i] = Math.trunc(weight < 0 ? weight - 0.5 : weight + 0.5)
  }
  return { ...taps, weights, fractionBits }
}

/**
 * Resizes checked bytes one axis at a time, rounded to bytes in between, so that the order shows in the result. An
 * axis whose length stays is left alone.
 */
export function resizeInPasses<T extends InterleavedBytes>(
  input: T,
  to: SizePx,
  taps: (sourceLength: number, targetLength: number) => FixedTaps,
  first: 'across' | 'down' = 'across',
): ResizedBytes<T> {
  const { channels } = input
  let { widthPx, heightPx, bytes } = input as InterleavedBytes
  for (const axis of first === 'across' ? (['across', 'down'] as const) : (['down', 'across'] as const)) {
    if (axis === 'across' && to.widthPx !== widthPx) {
      bytes = alongRows(bytes, heightPx, channels, taps(widthPx, to.widthPx))
      widthPx = to.widthPx
    } else if (axis === 'down' && to.heightPx !== heightPx) {
      bytes = alongColumns(bytes, widthPx * channels, taps(heightPx, to.heightPx))
      heightPx = to.heightPx
    }
  }
  if (bytes === input.bytes) bytes = bytes.slice()
  return { ...input, widthPx, heightPx, bytes }
}

function alongRows(bytes: Uint8Array, rows: number, channels: number, taps: FixedTaps): Uint8Array {
  const { first, count, stride, sourceLength, weights, fractionBits } = taps
  const half = 1 << (fractionBits - 1)
  const columns = first.length
  const out = new Uint8Array(rows * columns * channels)
  // Stores clamp to 0..255, which is the clip of both libraries.
  const clamped = new Uint8ClampedArray(out.buffer)
  let to = 0
  for (let row = 0; row < rows; row++) {
    const line = row * sourceLength * channels
    if (channels === 3) {
      for (let i = 0; i < columns; i++) {
        let at = line + first[i]! * 3
        let red = half
        let green = half
        let blue = half
        for (let w = i * stride, end = w + count[i]!; w < end; w++) {
          const weight = weights[w]!
          red = (red + Math.imul(bytes[at]!, weight)) | 0
          green = (green + Math.imul(bytes[at + 1]!, weight)) | 0
          blue = (blue + Math.imul(bytes[at + 2]!, weight)) | 0
          at += 3
        }
        clamped[to] = red >> fractionBits
        clamped[to + 1] = green >> fractionBits
        clamped[to + 2] = blue >> fractionBits
        to += 3
      }
      continue
    }
    for (let i = 0; i < columns; i++) {
      for (let c = 0; c < channels; c++) {
        let at = line + first[i]! * channels + c
        let sum = half
        for (let w = i * stride, end = w + count[i]!; w < end; w++) {
          sum = (sum + Math.imul(bytes[at]!, weights[w]!)) | 0
          at += channels
        }
        clamped[to++] = sum >> fractionBits
      }
    }
  }
  return out
}

function alongColumns(bytes: Uint8Array, rowBytes: number, taps: FixedTaps): Uint8Array {
  const { first, count, stride, weights, fractionBits } = taps
  const half = 1 << (fractionBits - 1)
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
        clamped[to + i] = (half + upper + lower) >> fractionBits
      }
      continue
    }
    sums.fill(half)
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
    for (let i = 0; i < rowBytes; i++) clamped[to + i] = sums[i]! >> fractionBits
  }
  return out
}
