// First weights of a TiTok: attention starts where a token stands, a step to the side for each quarter of the heads.
import { describe, expect, it } from 'vitest'
import { initialWeights } from './initial-weights.ts'

const WIDTH = 128
const SIDE = 8
const QUARTER = WIDTH / 4
const weights = initialWeights(5)
const rowsOf = (key: string, rows: number): Float32Array[] => {
  const flat = weights(key, [rows, WIDTH])
  return Array.from({ length: rows }, (_, row) => flat.subarray(row * WIDTH, (row + 1) * WIDTH))
}
const patches = rowsOf('encoder.positional_embedding', SIDE ** 2 + 1).slice(1)
const tokens = rowsOf('encoder.latent_token_positional_embedding', 32)
const packed = weights('encoder.transformer.0.attn.in_proj_weight', [3 * WIDTH, WIDTH])

/** Rows [first, first + QUARTER) of the packed matrix times a row. */
function projected(row: Float32Array, first: number): number[] {
  return Array.from({ length: QUARTER }, (_, r) =>
    row.reduce((sum, x, i) => sum + x * packed[(first + r) * WIDTH + i]!, 0),
  )
}

/** The patch that a row's heads of one quarter look at most, as [column, row] of the grid. */
function lookedAt(row: Float32Array, quarter: number): [number, number] {
  const query = projected(row, quarter * QUARTER)
  const scores = patches.map((patch) =>
    projected(patch, WIDTH + quarter * QUARTER).reduce((sum, x, i) => sum + x * query[i]!, 0),
  )
  const best = scores.indexOf(Math.max(...scores))
  return [best % SIDE, Math.floor(best / SIDE)]
}

describe('first weights with places', () => {
  it('the four quarters of the heads of a patch look at its neighbourhood, all within a patch and a half', () => {
    for (const [column, row] of [
      [2, 2],
      [5, 3],
      [4, 6],
    ] as const) {
      for (let quarter = 0; quarter < 4; quarter++) {
        const [x, y] = lookedAt(patches[row * SIDE + column]!, quarter)
        expect(Math.max(Math.abs(x - column), Math.abs(y - row))).toBeLessThanOrEqual(1)
      }
    }
  })

  it('fine tokens look beside their own spots of the golden sequence, all over the square', () => {
    const seen = new Set<string>()
    const golden = 1.324717957244746
    for (let k = 12; k < 32; k++) {
      const spot = [(0.5 + k / golden) % 1, (0.5 + k / golden ** 2) % 1].map((share) => share * SIDE - 0.5)
      for (let quarter = 0; quarter < 4; quarter++) {
        const [x, y] = lookedAt(tokens[k]!, quarter)
        expect(Math.hypot(x - spot[0]!, y - spot[1]!)).toBeLessThan(2)
        seen.add(`${x} ${y}`)
      }
    }
    expect(seen.size).toBeGreaterThan(35)
  })

  it('values read contents alone, and what comes out of a layer leaves places alone', () => {
    const half = WIDTH / 2
    for (let row = 2 * WIDTH; row < 3 * WIDTH; row++)
      expect(packed.subarray(row * WIDTH + half, (row + 1) * WIDTH).every((x) => x === 0)).toBe(true)
    for (const key of ['attn.out_proj', 'mlp.c_proj']) {
      const outward = weights(`decoder.transformer.1.${key}.weight`, [WIDTH, WIDTH])
      expect(outward.subarray(half * WIDTH).every((x) => x === 0)).toBe(true)
      expect(outward.subarray(0, half * WIDTH).some((x) => x !== 0)).toBe(true)
    }
  })

  it('odd and small widths get weights too, and the same ones each time', () => {
    for (const width of [2, 6, 8]) {
      const key = 'decoder.positional_embedding'
      expect(initialWeights(5)(key, [5, width])).toEqual(weights(key, [5, width]))
      expect(weights(key, [5, width]).every(Number.isFinite)).toBe(true)
    }
  })
})
