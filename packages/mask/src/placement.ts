// Moves masks about on runs: crop, paste, flips, rotations by right angles. Pixels are not touched.

import { MaskError } from './error.ts'
import { clampOffset, RunList, walkLines } from './lines.ts'
import { type BoxXywhPx, checkSize, type Mask, maskFromEdges } from './mask.ts'
import { transpose } from './transpose.ts'

/**
 * The part of the mask under a box of whole pixels, as a mask of the box's size. The box may lie partly or wholly
 * outside; what is outside the picture is background. Throws MaskError for a box that is not whole pixels.
 */
export function crop(mask: Mask, box: BoxXywhPx): Mask {
  return placed(mask, { x: -box.x, y: -box.y, widthPx: box.width, heightPx: box.height })
}

/**
 * The mask put into a picture of widthPx x heightPx with its top left corner at (x, y), which may be negative: what
 * falls outside is cut off, the rest of the picture is background. Padding is pasting into a larger picture.
 */
export function paste(
  mask: Mask,
  into: { readonly x: number; readonly y: number; readonly widthPx: number; readonly heightPx: number },
): Mask {
  return placed(mask, into)
}

function placed(mask: Mask, to: { x: number; y: number; widthPx: number; heightPx: number }): Mask {
  const { x: dx, y: dy, widthPx, heightPx } = to
  checkSize(widthPx, heightPx)
  if (!Number.isSafeInteger(dx) || !Number.isSafeInteger(dy)) {
    throw new MaskError('out-of-range', `a place must be two whole numbers of pixels, got (${dx}, ${dy})`)
  }
  const height = mask.heightPx
  const { edges } = mask
  const runs = new RunList()
  if (heightPx === 0) return maskFromEdges(widthPx, heightPx, new Uint32Array(0))
  walkLines(edges, height, (firstLine, lastLine, start, stop) => {
    const firstX = Math.max(0, firstLine + dx)
    const lastX = Math.min(widthPx - 1, lastLine + dx)
    if (firstX > lastX) return
    const lineStart = firstLine * height
    if (firstLine === lastLine) {
      for (let i = start; i < stop; i += 2) {
        const from = clampOffset(edges[i]! - lineStart, height) + dy
        const to = clampOffset(edges[i + 1]! - lineStart, height) + dy
        runs.add(
          firstX * heightPx + clampOffset(from, heightPx),
          firstX * heightPx + clampOffset(to, heightPx),
        )
      }
      return
    }
    const from = clampOffset(dy, heightPx)
    const to = clampOffset(height + dy, heightPx)
    if (from === 0 && to === heightPx) runs.add(firstX * heightPx, (lastX + 1) * heightPx)
    else for (let x = firstX; x <= lastX; x++) runs.add(x * heightPx + from, x * heightPx + to)
  })
  return maskFromEdges(widthPx, heightPx, runs.edges())
}

/** Top to bottom mirrored: (x, y) becomes (x, heightPx - 1 - y). */
export function flipVertical(mask: Mask): Mask {
  const { widthPx, heightPx, edges } = mask
  const runs = new RunList()
  walkLines(edges, heightPx, (firstLine, lastLine, start, stop) => {
    const lineStart = firstLine * heightPx
    if (firstLine !== lastLine) {
      runs.add(lineStart, (lastLine + 1) * heightPx)
      return
    }
    const lineEnd = lineStart + heightPx
    for (let i = stop - 2; i >= start; i -= 2) {
      runs.add(
        lineEnd - clampOffset(edges[i + 1]! - lineStart, heightPx),
        lineEnd - clampOffset(edges[i]! - lineStart, heightPx),
      )
    }
  })
  return maskFromEdges(widthPx, heightPx, runs.edges())
}

/** Left to right mirrored: (x, y) becomes (widthPx - 1 - x, y). */
export function flipHorizontal(mask: Mask): Mask {
  return rotate180(flipVertical(mask))
}

/** Turned by half a circle: (x, y) becomes (widthPx - 1 - x, heightPx - 1 - y). */
export function rotate180(mask: Mask): Mask {
  const { widthPx, heightPx, edges } = mask
  const pixels = widthPx * heightPx
  const turned = new Uint32Array(edges.length)
  for (let i = 0; i < edges.length; i++) turned[i] = pixels - edges[edges.length - 1 - i]!
  return maskFromEdges(widthPx, heightPx, turned)
}

/** Turned clockwise by a quarter: (x, y) becomes (heightPx - 1 - y, x). */
export function rotate90Clockwise(mask: Mask): Mask {
  return flipHorizontal(transpose(mask))
}

/** Turned counter-clockwise by a quarter: (x, y) becomes (y, widthPx - 1 - x). */
export function rotate90CounterClockwise(mask: Mask): Mask {
  return flipVertical(transpose(mask))
}
