// Nearest-neighbour resize by PyTorch's rule: source = floor(target * scale), in float32, with scale = source side / target side.

import { MaskError } from '../error.ts'
import { type Mask, maskFromEdges } from '../mask.ts'
import { NumberList } from '../number-list.ts'
import { checkResize, type SizePx } from './taps.ts'

export type Samples = Uint8Array | Uint8ClampedArray | Uint16Array | Uint32Array | Int32Array | Float32Array

/** The source index of each target index. Computed in float32, as PyTorch computes it. */
function sourceIndices(sourceLength: number, targetLength: number): Int32Array {
  const scale = Math.fround(sourceLength / targetLength)
  const indices = new Int32Array(targetLength)
  for (let i = 0; i < targetLength; i++) {
    indices[i] = Math.min(Math.floor(Math.fround(i * scale)), sourceLength - 1)
  }
  return indices
}

/**
 * Resizes samples of any type by taking, for each target pixel (x, y), the source pixel
 * (floor(x * sourceWidth / targetWidth), floor(y * sourceHeight / targetHeight)): PyTorch's `mode='nearest'`, not
 * Pillow's, which takes the centre. Row-major, interleaved in `channels` (default 1). Throws MaskError for a side of
 * 0, more than MAX_DENSE_PIXELS pixels or a wrong length.
 */
export function resizeNearest<T extends Samples>(
  input: SizePx & { readonly channels?: number; readonly values: T },
  to: SizePx,
): { widthPx: number; heightPx: number; channels: number; values: T } {
  const { widthPx, heightPx, channels = 1, values } = input
  checkResize(input, to)
  if (!Number.isInteger(channels) || channels < 1 || values.length !== widthPx * heightPx * channels) {
    throw new MaskError(
      'size-mismatch',
      `${widthPx} x ${heightPx} pixels of ${channels} channels have ${widthPx * heightPx * channels} samples, got ${values.length}`,
    )
  }
  const columns = sourceIndices(widthPx, to.widthPx)
  const rows = sourceIndices(heightPx, to.heightPx)
  const rowLength = to.widthPx * channels
  const out = new (values.constructor as new (length: number) => T)(to.heightPx * rowLength)
  for (let y = 0; y < to.heightPx; y++) {
    const start = y * rowLength
    if (y > 0 && rows[y] === rows[y - 1]) {
      out.copyWithin(start, start - rowLength, start)
      continue
    }
    const line = rows[y]! * widthPx * channels
    let at = start
    for (let x = 0; x < to.widthPx; x++) {
      const from = line + columns[x]! * channels
      for (let c = 0; c < channels; c++) out[at++] = values[from + c]!
    }
  }
  return { widthPx: to.widthPx, heightPx: to.heightPx, channels, values: out }
}

/** A mask resized by the same rule as resizeNearest, on its runs. */
export function resizeMaskNearest(mask: Mask, to: SizePx): Mask {
  checkResize(mask, to)
  const { heightPx, edges } = mask
  const columns = sourceIndices(mask.widthPx, to.widthPx)
  const rows = sourceIndices(heightPx, to.heightPx)
  // firstTarget[y]: the first target row whose source row is y or below; to.heightPx where there is none.
  const firstTarget = new Int32Array(heightPx + 1).fill(to.heightPx)
  for (let y = to.heightPx - 1; y >= 0; y--) firstTarget[rows[y]!] = y
  for (let y = heightPx - 1; y >= 0; y--) firstTarget[y] = Math.min(firstTarget[y]!, firstTarget[y + 1]!)

  const out = new NumberList(Math.max(256, edges.length))
  let run = 0
  let n = 0
  let columnStart = 0
  for (let x = 0; x < to.widthPx; x++) {
    const base = x * to.heightPx
    if (x > 0 && columns[x] === columns[x - 1]) {
      // The same source column again: repeat what it gave, one target column further on.
      const repeated = n - columnStart
      const values = out.room(n, repeated)
      for (let i = columnStart; i < columnStart + repeated; i++) values[n++] = values[i]! + to.heightPx
      columnStart += repeated
      continue
    }
    columnStart = n
    const start = columns[x]! * heightPx
    const end = start + heightPx
    while (run < edges.length && edges[run + 1]! <= start) run += 2
    for (let i = run; i < edges.length && edges[i]! < end; i += 2) {
      const low = firstTarget[Math.max(edges[i]! - start, 0)]!
      const high = firstTarget[Math.min(edges[i + 1]! - start, heightPx)]!
      if (low === high) continue
      const values = out.room(n, 2)
      values[n++] = base + low
      values[n++] = base + high
    }
  }
  return maskFromEdges(to.widthPx, to.heightPx, joined(out.view(n)))
}

/** Joins runs that touch: the foot of one column and the head of the next, or two runs that lost the gap between them. */
function joined(edges: Uint32Array): Uint32Array {
  const out = edges.slice()
  let n = 0
  for (let i = 0; i < edges.length; i += 2) {
    if (n > 0 && out[n - 1] === edges[i]) {
      out[n - 1] = edges[i + 1]!
    } else {
      out[n++] = edges[i]!
      out[n++] = edges[i + 1]!
    }
  }
  return out.slice(0, n)
}
