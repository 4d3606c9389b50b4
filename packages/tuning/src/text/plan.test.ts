import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlannedItem } from './plan.ts'
import { batchPlan } from './plan.ts'

const item = fc.record({
  tokens: fc.integer({ min: 2, max: 400 }),
  picture: fc.option(fc.integer({ min: 0, max: 6 }), { nil: undefined }),
})

describe('the plan of batches', () => {
  it('meets every conversation once an epoch, packs no more than asked for, and is a function of seed and number', () => {
    fc.assert(
      fc.property(
        fc.array(item, { minLength: 1, maxLength: 80 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 0, max: 99 }),
        (given, conversations, pack, seed) => {
          const items = given.map(({ tokens, picture }): PlannedItem => {
            const pictures = picture === undefined ? undefined : `p${picture}`
            return { tokens, beginning: pictures === undefined ? 0 : Math.floor(tokens / 2), pictures }
          })
          const settings = { conversations, pack, maxTokens: 500, seed }
          const plan = batchPlan(items, settings)
          for (const epoch of [0, 1]) {
            const [from, to] = [plan.batchesOf(epoch), plan.batchesOf(epoch + 1)]
            const batches = Array.from({ length: to - from }, (_, i) => plan.batch(from + i))
            expect(batches.flat(2).sort((a, b) => a - b)).toEqual(items.map((_, i) => i))
            for (const batch of batches) {
              expect(batch.flat().length).toBeLessThanOrEqual(conversations)
              for (const row of batch) {
                expect(row.length).toBeLessThanOrEqual(pack)
                expect(new Set(row.map((number) => items[number]!.pictures)).size).toBe(1)
                const tokens = row.map(
                  (number, i) => items[number]!.tokens - (i === 0 ? 0 : items[number]!.beginning),
                )
                if (row.length > 1) expect(tokens.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(500)
              }
            }
          }
          // Asked for alone, the last batch of the second epoch is the same.
          const last = plan.batchesOf(2) - 1
          expect(batchPlan(items, settings).batch(last)).toEqual(plan.batch(last))
        },
      ),
      { numRuns: 60 },
    )
  })

  it('puts questions about one picture into one row and rows of like length into one batch, in a new order every epoch', () => {
    const items = Array.from({ length: 240 }, (_, i) => ({
      tokens: 20 + 5 * (i % 40),
      beginning: i % 3 === 0 ? 10 : 0,
      pictures: i % 3 === 0 ? `p${i % 30}` : undefined,
    }))
    const plan = batchPlan(items, { conversations: 12, pack: 8, maxTokens: 4000, seed: 4 })
    const first = Array.from({ length: plan.batchesOf(1) }, (_, i) => plan.batch(i))
    const second = Array.from({ length: plan.batchesOf(2) - plan.batchesOf(1) }, (_, i) =>
      plan.batch(first.length + i),
    )
    expect(second).not.toEqual(first)
    const shown = first.flat().filter((row) => items[row[0]!]!.pictures !== undefined)
    expect(shown.every((row) => row.length === 8)).toBe(true)
    // Filled up to the longest row, batches of unsorted rows would be a third empty.
    const spread = first.map((batch) => {
      const lengths = batch.map((row) => row.reduce((sum, number) => sum + items[number]!.tokens, 0))
      return lengths.reduce((a, b) => a + b, 0) / (Math.max(...lengths) * lengths.length)
    })
    expect(spread.reduce((a, b) => a + b, 0) / spread.length).toBeGreaterThan(0.85)
  })
})
