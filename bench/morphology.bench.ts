// Morphology, components and outline scores on runs against plain dense code: separable squares and a flood fill over bytes.

import {
  boundaryF,
  boundaryIou,
  connectedComponents,
  dilate,
  erode,
  fillHoles,
  type Mask,
  maskFromRowMajor,
  rowMajorBytes,
  squaredDistances,
} from '@maskwords/mask'
import { bestNs, printMachine, printRows, type Row } from './harness.ts'

const widthPx = 1024
const heightPx = 1024

/** A star with holes, and specks around it. */
function star(turn: number): Mask {
  const bytes = new Uint8Array(widthPx * heightPx)
  for (let y = 0, i = 0; y < heightPx; y++) {
    for (let x = 0; x < widthPx; x++, i++) {
      const r = Math.hypot(x - 512, y - 512)
      const inside = r < 300 + 80 * Math.sin(7 * Math.atan2(y - 512, x - 512) + turn)
      const hole = (x >> 4) % 5 === 2 && (y >> 4) % 5 === 2 && r < 200
      bytes[i] = (inside && !hole) || (x % 97 === 3 && y % 89 < 2) ? 1 : 0
    }
  }
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

/** Dilation by two passes over bytes, each pixel looking at its whole line of k. */
function denseDilate(mask: Mask, sizePx: number): Mask {
  let bytes = rowMajorBytes(mask)
  const before = sizePx >> 1
  for (const [step, length] of [
    [1, widthPx],
    [widthPx, heightPx],
  ] as const) {
    const out = new Uint8Array(bytes.length)
    for (let i = 0; i < out.length; i++) {
      const at = step === 1 ? i % widthPx : Math.floor(i / widthPx)
      const low = Math.max(0, at - before)
      const high = Math.min(length, at - before + sizePx)
      for (let p = low; p < high; p++) {
        if (bytes[i + (p - at) * step] === 0) continue
        out[i] = 1
        break
      }
    }
    bytes = out
  }
  return maskFromRowMajor({ widthPx, heightPx, bytes })
}

function denseComponents(mask: Mask): number {
  const left = rowMajorBytes(mask).slice()
  const stack = new Int32Array(left.length)
  let count = 0
  for (let i = 0; i < left.length; i++) {
    if (left[i] === 0) continue
    count++
    let top = 0
    stack[top++] = i
    left[i] = 0
    while (top > 0) {
      const p = stack[--top]!
      const x = p % widthPx
      for (let dy = -1; dy <= 1; dy++) {
        for (let dx = -1; dx <= 1; dx++) {
          const q = p + dy * widthPx + dx
          if (x + dx < 0 || x + dx >= widthPx || q < 0 || q >= left.length || left[q] === 0) continue
          left[q] = 0
          stack[top++] = q
        }
      }
    }
  }
  return count
}

const mask = star(0)
const other = star(0.1)
if (connectedComponents(mask).length !== denseComponents(mask))
  throw new Error('the two disagree on components')

printMachine('morphology of a star of 1024 x 1024')
const rows: Row[] = []
for (const sizePx of [3, 14, 27, 101]) {
  rows.push({
    what: `dilate by ${sizePx}`,
    oursNs: bestNs(() => dilate(mask, { sizePx })),
    baselineNs: bestNs(() => denseDilate(mask, sizePx)),
  })
}
rows.push(
  { what: 'erode by 27', oursNs: bestNs(() => erode(mask, { sizePx: 27 })) },
  {
    what: 'components',
    oursNs: bestNs(() => connectedComponents(mask)),
    baselineNs: bestNs(() => denseComponents(mask)),
  },
  { what: 'fill holes', oursNs: bestNs(() => fillHoles(mask)) },
  { what: 'squared distances', oursNs: bestNs(() => squaredDistances(mask)) },
  { what: 'boundary IoU', oursNs: bestNs(() => boundaryIou(mask, other)) },
  { what: 'boundary F', oursNs: bestNs(() => boundaryF(mask, other)) },
)
printRows({ rows, baseline: 'dense bytes' })
