// Union, intersection, difference, complement on runs: one merge of two rising lists of run ends, no pixels.

import { MaskError } from './error.ts'
import { emptyMask, type Mask, maskFromEdges } from './mask.ts'

/** Pixels of `a` or `b`. Throws MaskError where the sizes differ, as all operations on two masks do. */
export function union(a: Mask, b: Mask): Mask {
  return merged(a, b, 0b1110)
}

/** Pixels of both `a` and `b`. */
export function intersect(a: Mask, b: Mask): Mask {
  return merged(a, b, 0b1000)
}

/** Pixels of `a` that are not in `b`. */
export function subtract(a: Mask, b: Mask): Mask {
  return merged(a, b, 0b0010)
}

/** Pixels of exactly one of `a` and `b`. */
export function xor(a: Mask, b: Mask): Mask {
  return merged(a, b, 0b0110)
}

/** Pixels that are not in the mask. */
export function invert(mask: Mask): Mask {
  const { widthPx, heightPx, edges } = mask
  const pixels = widthPx * heightPx
  const n = edges.length
  if (pixels === 0) return mask
  if (n === 0) return maskFromEdges(widthPx, heightPx, Uint32Array.of(0, pixels))
  // Foreground and background change roles: every end of a run stays one, except at the two ends of the picture.
  const first = edges[0] === 0 ? 1 : 0
  const last = edges[n - 1] === pixels ? n - 1 : n
  const out = new Uint32Array(last - first + (first === 0 ? 1 : 0) + (last === n ? 1 : 0))
  out.set(edges.subarray(first, last), first === 0 ? 1 : 0)
  if (last === n) out[out.length - 1] = pixels
  return maskFromEdges(widthPx, heightPx, out)
}

/**
 * Pixels of any of the masks. Merged in pairs, so that n masks cost O(runs * log n). An empty list needs the size of
 * the result, and is refused with MaskError without one.
 */
export function unionAll(masks: readonly Mask[], sizeOfNone?: { widthPx: number; heightPx: number }): Mask {
  return mergedAll(masks, sizeOfNone, union)
}

/** Pixels of all of the masks. An empty list is refused: it would be every pixel of an unknown size. */
export function intersectAll(masks: readonly Mask[]): Mask {
  return mergedAll(masks, undefined, intersect)
}

function mergedAll(
  masks: readonly Mask[],
  sizeOfNone: { widthPx: number; heightPx: number } | undefined,
  merge: (a: Mask, b: Mask) => Mask,
): Mask {
  if (masks.length === 0) {
    if (sizeOfNone === undefined)
      throw new MaskError('out-of-range', 'no mask to merge, and no size was given')
    return emptyMask(sizeOfNone.widthPx, sizeOfNone.heightPx)
  }
  let level = [...masks]
  while (level.length > 1) {
    const next: Mask[] = []
    for (let i = 0; i < level.length; i += 2) {
      next.push(i + 1 < level.length ? merge(level[i]!, level[i + 1]!) : level[i]!)
    }
    level = next
  }
  return level[0]!
}

/** Throws MaskError unless both masks have the same width and height. */
export function checkSameSize(a: Mask, b: Mask): void {
  if (a.widthPx !== b.widthPx || a.heightPx !== b.heightPx) {
    throw new MaskError(
      'size-mismatch',
      `masks of different sizes: ${a.widthPx} x ${a.heightPx} and ${b.widthPx} x ${b.heightPx} (width x height)`,
      { hint: 'resize, crop or paste one of them first' },
    )
  }
}

/**
 * Merges two masks by a truth table of four bits: bit (inA + 2 * inB) says whether such a pixel is in the result.
 * Bit 0 must be clear.
 */
function merged(a: Mask, b: Mask, table: number): Mask {
  checkSameSize(a, b)
  const p = a.edges
  const q = b.edges
  const out = new Uint32Array(p.length + q.length)
  const end = 2 ** 32
  let i = 0
  let j = 0
  let n = 0
  let inside = 0
  let nextP = p.length > 0 ? p[0]! : end
  let nextQ = q.length > 0 ? q[0]! : end
  while (nextP !== end || nextQ !== end) {
    const at = Math.min(nextP, nextQ)
    if (nextP === at) nextP = ++i < p.length ? p[i]! : end
    if (nextQ === at) nextQ = ++j < q.length ? q[j]! : end
    const now = (table >> ((i & 1) | ((j & 1) << 1))) & 1
    if (now !== inside) {
      out[n++] = at
      inside = now
    }
  }
  return maskFromEdges(a.widthPx, a.heightPx, out.slice(0, n))
}
