// Codes by trial: several code rows near a mask's vector are decoded and the one whose mask is closest to it is said. What
// the words mean is unchanged, so that any decoder reads them. Ours; the release takes the nearest codes alone.
import type { ResidualCodebooks } from './residual.ts'

type Partial = {
  readonly codes: readonly number[]
  readonly residual: Float64Array
  readonly distance: number
}

/**
 * Up to `count` different code rows [levels] for one vector [width], in order of their squared distance to it, ties by the
 * order of codes: a beam of `count` rows is kept from level to level (beam search of residual quantisation, arXiv 1807.03057).
 */
export function nearestCodeRows(
  books: ResidualCodebooks,
  vector: ArrayLike<number>,
  count: number,
): number[][] {
  const { width, codes, levels } = books
  let beam: Partial[] = [{ codes: [], residual: Float64Array.from(vector), distance: 0 }]
  for (const book of levels) {
    const next: { from: Partial; code: number; distance: number }[] = []
    for (const from of beam) {
      for (let code = 0; code < codes; code++) {
        let distance = 0
        for (let i = 0; i < width; i++) distance += (from.residual[i]! - book[code * width + i]!) ** 2
        next.push({ from, code, distance })
      }
    }
    next.sort((a, b) => a.distance - b.distance)
    beam = next.slice(0, count).map(({ from, code, distance }) => ({
      codes: [...from.codes, code],
      residual: from.residual.map((value, i) => value - book[code * width + i]!),
      distance,
    }))
  }
  return beam.map((row) => [...row.codes])
}
