// How close logits of a square are to the mask that the square was made from.

/**
 * IoU of logits above `threshold` with a mask whose cells are covered to a share of 0 to 1, both row-major and of one length:
 * a cell counts with its share on both sides.
 */
export function coverageIou(logits: Float32Array, coverage: Float32Array, threshold: number): number {
  let both = 0
  let ours = 0
  let theirs = 0
  for (let i = 0; i < coverage.length; i++) {
    theirs += coverage[i]!
    if (logits[i]! <= threshold) continue
    ours++
    both += coverage[i]!
  }
  return both / Math.max(ours + theirs - both, 1e-9)
}
