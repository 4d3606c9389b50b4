import { describe, expect, it } from 'vitest'
import { prefetch } from './batches.ts'
import { dataOrder, shuffledIndices } from './order.ts'

describe('the order of the data', () => {
  it('is a permutation in every epoch, another one in each, and the same for the same seed', () => {
    const epochs = [0, 1, 2].map((epoch) => [...shuffledIndices(1000, { seed: 7, epoch })])
    const all = Array.from({ length: 1000 }, (_, i) => i)
    for (const epoch of epochs) expect([...epoch].sort((a, b) => a - b)).toEqual(all)
    expect(epochs[0]).not.toEqual(epochs[1])
    expect([...shuffledIndices(1000, { seed: 7, epoch: 2 })]).toEqual(epochs[2])
    expect([...shuffledIndices(1000, { seed: 8, epoch: 2 })]).not.toEqual(epochs[2])
  })

  it('puts every number into every place about equally often', () => {
    // 4 000 shuffles of 5: each of 25 cells expects 800, and 120 is more than four standard deviations.
    const seen = new Uint32Array(25)
    for (let epoch = 0; epoch < 4000; epoch++) {
      shuffledIndices(5, { seed: 1, epoch }).forEach((value, place) => {
        seen[place * 5 + value]!++
      })
    }
    expect(Math.max(...seen.map((count) => Math.abs(count - 800)))).toBeLessThan(120)
  })

  it('gives a batch by its number alone, across the borders of epochs', () => {
    const order = dataOrder({ count: 10, batchSize: 4, seed: 3 })
    const inOrder = Array.from({ length: 5 }, (_, i) => [...order.batch(i)])
    const again = dataOrder({ count: 10, batchSize: 4, seed: 3 })
    expect([4, 0, 2, 3, 1].map((i) => [...again.batch(i)])).toEqual([4, 0, 2, 3, 1].map((i) => inOrder[i]))
    expect(inOrder.flat().slice(0, 10).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    expect(order.batchesPerEpoch).toBe(3)
    expect([...dataOrder({ count: 3, batchSize: 2, seed: 0, shuffle: false }).batch(1)]).toEqual([2, 0])
  })
})

describe('batches ahead', () => {
  it('come in order, and never more of them than asked for are under way', async () => {
    const started: number[] = []
    const queue = prefetch(
      {
        batch: async (index) => {
          started.push(index)
          await new Promise((resolve) => setTimeout(resolve, index % 2 === 0 ? 4 : 1))
          return { x: Float32Array.of(index) }
        },
      },
      { from: 5, ahead: 3 },
    )
    const first = await queue.next()
    await Promise.resolve()
    expect(first['x']).toEqual(Float32Array.of(5))
    expect(started).toEqual([5, 6, 7, 8])
    expect(await queue.next()).toEqual({ x: Float32Array.of(6) })
    await queue.close()
    await expect(queue.next()).rejects.toThrow('closed')
  })

  it('a batch that fails is reported when its turn comes', async () => {
    const batch = (index: number) => {
      if (index === 1) throw new Error('picture 1 is broken')
      return { x: Float32Array.of(index) }
    }
    const queue = prefetch({ batch }, { from: 0 })
    await queue.next()
    await expect(queue.next()).rejects.toThrow('picture 1 is broken')
  })
})
