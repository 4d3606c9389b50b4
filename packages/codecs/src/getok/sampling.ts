// Which cells of an offset field become a training sample (arXiv 2512.10554, Algorithm 1: K cells per picture, inside
// and ring preferred, all pools represented; the numbers below are ours, the paper prints none).

import type { OffsetField, Pool } from './pools.ts'
import { POOLS } from './pools.ts'
import { type Random, randomInt } from './random.ts'

/** Shares of a sample: inside (with rim), ring, far, hard-delete. */
export const POOL_SHARES = { inside: 0.4, ring: 0.4, far: 0.12, 'hard-delete': 0.08 } as const

/** Fewest and most cells of a sample: mean 10, near the 9 words a mask that the paper reports. */
export const SAMPLE_CELLS = [4, 16] as const

/** Far cells are drawn with probability falling by e every so many cells from the mask: negatives stay plausible. */
export const FAR_SCALE_CELLS = 3

type Share = keyof typeof POOL_SHARES

const SHARES: readonly Share[] = ['inside', 'ring', 'far', 'hard-delete']

/** Where a pool's shortage goes: hard-delete first, round and round. */
const PASS_ON: readonly Share[] = ['hard-delete', 'inside', 'ring', 'far']

/** Whole quotas that add up to `total`, by largest remainder (ties to the first share). */
export function poolQuotas(total: number): Record<Share, number> {
  const quotas = { inside: 0, ring: 0, far: 0, 'hard-delete': 0 }
  let given = 0
  for (const share of SHARES) given += quotas[share] = Math.floor(total * POOL_SHARES[share] + 1e-9)
  const byRemainder = [...SHARES].sort(
    (a, b) =>
      total * POOL_SHARES[b] - quotas[b] - (total * POOL_SHARES[a] - quotas[a]) ||
      SHARES.indexOf(a) - SHARES.indexOf(b),
  )
  for (let k = 0; given < total; k++, given++) quotas[byRemainder[k % SHARES.length]!]++
  return quotas
}

/** Takes one entry out of `cells`, with probability proportional to its weight. */
function draw(cells: number[], weights: number[], random: Random): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  let left = random() * total
  let at = 0
  while (at < cells.length - 1 && (left -= weights[at]!) >= 0) at++
  weights.splice(at, 1)
  return cells.splice(at, 1)[0]!
}

/**
 * A sample of cells of a field, in order of their numbers, without repeats: `count` of them, or 4 to 16 at random.
 * A pool that runs short hands what is missing to the next in the order hard-delete, inside, ring, far; fewer cells
 * come back only where the whole grid has fewer. The same random stream gives the same sample.
 */
export function sampleCells(field: OffsetField, random: Random, count?: number): number[] {
  const total = Math.min(count ?? randomInt(random, SAMPLE_CELLS[0], SAMPLE_CELLS[1]), field.pool.length)
  const quotas = poolQuotas(total)
  const cells: Record<Share, number[]> = { inside: [], ring: [], far: [], 'hard-delete': [] }
  const weights: Record<Share, number[]> = { inside: [], ring: [], far: [], 'hard-delete': [] }
  const cellPx = (field.grid.widthPx + field.grid.heightPx) / 2 / field.grid.cells
  for (let cell = 0; cell < field.pool.length; cell++) {
    const pool: Pool = POOLS[field.pool[cell]!]!
    const share = pool === 'rim' ? 'inside' : pool
    cells[share].push(cell)
    const distance = field.distancePx[cell]!
    weights[share].push(
      share === 'far' && Number.isFinite(distance) ? Math.exp(-distance / cellPx / FAR_SCALE_CELLS) : 1,
    )
  }
  const chosen: number[] = []
  let short = 0
  for (let round = 0; round < 2; round++) {
    for (const share of PASS_ON) {
      const wanted = (round === 0 ? quotas[share] : 0) + short
      const taken = Math.min(wanted, cells[share].length)
      for (let k = 0; k < taken; k++) chosen.push(draw(cells[share], weights[share], random))
      short = wanted - taken
    }
  }
  return chosen.sort((a, b) => a - b)
}
