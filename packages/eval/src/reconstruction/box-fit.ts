// Axis-aligned boxes in a few bits: four sides on grid lines over the picture, placed where the IoU is best. Definition: our own.
import { type BoxXywhPx, iou, type Mask, maskFromEdges, tightBox } from '@maskwords/mask'

/** The box as a mask: pixels whose centre is inside. */
export function boxMask(box: BoxXywhPx, { widthPx, heightPx }: Pick<Mask, 'widthPx' | 'heightPx'>): Mask {
  const inside = (from: number, to: number, side: number) =>
    [Math.max(0, Math.ceil(from - 0.5)), Math.min(side, Math.ceil(to - 0.5))] as const
  const [left, right] = inside(box.x, box.x + box.width, widthPx)
  const [top, foot] = inside(box.y, box.y + box.height, heightPx)
  if (right <= left || foot <= top) return maskFromEdges(widthPx, heightPx, new Uint32Array(0))
  if (top === 0 && foot === heightPx) {
    return maskFromEdges(widthPx, heightPx, Uint32Array.of(left * heightPx, right * heightPx))
  }
  const edges = new Uint32Array(2 * (right - left))
  for (let x = left; x < right; x++) {
    edges[2 * (x - left)] = x * heightPx + top
    edges[2 * (x - left) + 1] = x * heightPx + foot
  }
  return maskFromEdges(widthPx, heightPx, edges)
}

/**
 * The box of 4 x `bitsASide` bits with the best IoU that a search finds: from the rounded tight box, one side moves by
 * one line, or two sides do, as long as that helps. Lines include both borders of the picture, where many regions end.
 */
export function quantisedBox(mask: Mask, bitsASide: number): Mask {
  const { widthPx, heightPx } = mask
  const last = 2 ** bitsASide - 1
  const tight = tightBox(mask)
  const line = (valuePx: number, side: number) => Math.round((valuePx / side) * last)
  let at = [
    line(tight.x, widthPx),
    line(tight.y, heightPx),
    line(tight.x + tight.width, widthPx),
    line(tight.y + tight.height, heightPx),
  ]
  const maskAt = ([x0, y0, x1, y1]: readonly number[]) =>
    boxMask(
      {
        x: (x0! / last) * widthPx,
        y: (y0! / last) * heightPx,
        width: ((x1! - x0!) / last) * widthPx,
        height: ((y1! - y0!) / last) * heightPx,
      },
      mask,
    )
  let best = iou(maskAt(at), mask)
  for (let moved = true; moved; ) {
    moved = false
    for (const move of MOVES) {
      const to = at.map((v, i) => v + move[i]!)
      if (to[0]! < 0 || to[1]! < 0 || to[2]! > last || to[3]! > last || to[0]! >= to[2]! || to[1]! >= to[3]!)
        continue
      const value = iou(maskAt(to), mask)
      if (value <= best + 1e-9) continue
      best = value
      at = to
      moved = true
      break
    }
  }
  return maskAt(at)
}

const MOVES: readonly (readonly number[])[] = (() => {
  const moves: number[][] = []
  for (let i = 0; i < 4; i++) {
    for (const a of [1, -1]) {
      moves.push([0, 1, 2, 3].map((k) => (k === i ? a : 0)))
      for (let j = i + 1; j < 4; j++) {
        for (const b of [1, -1]) moves.push([0, 1, 2, 3].map((k) => (k === i ? a : k === j ? b : 0)))
      }
    }
  }
  return moves
})()
