import { iou, maskFromRowMajor } from '@maskwords/mask'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TOY_HIMTOK } from '../../test/toy-codecs.ts'
import { initialWeights } from '../start/initial-weights.ts'
import { makeCodebook } from './codebook.ts'
import { createHiMTok, type HimtokCodec } from './codec.ts'
import { searchCodes } from './search.ts'

const session = { worker: false, threads: 1 } as const
const weights = initialWeights(4)
/** A picture as large as the tokenizer's square: what the search counts is then what comes back. */
const side = TOY_HIMTOK.sizePx
const square = (left: number, top: number, size: number) =>
  maskFromRowMajor({
    widthPx: side,
    heightPx: side,
    bytes: Uint8Array.from({ length: side * side }, (_, i) => {
      const [x, y] = [(i % side) - left, Math.floor(i / side) - top]
      return x >= 0 && x < size && y >= 0 && y < size ? 1 : 0
    }),
  })
const MASKS = [square(3, 5, 20), square(16, 12, 15), square(0, 0, 29), square(12, 20, 9)]

describe('a HiMTok that searches its codes', () => {
  let codec: HimtokCodec
  beforeAll(async () => {
    codec = await createHiMTok({ config: { ...TOY_HIMTOK, search: 6 }, weights, session })
  })
  afterAll(() => codec.close())

  it('never says words that decode worse than the nearest codes, and better ones for some masks', async () => {
    const image = await codec.encodeImage({ widthPx: side, heightPx: side })
    const ious = async (search: number): Promise<number[]> => {
      const decoded = await codec.decode(image, await codec.encode(image, MASKS, { search }))
      return decoded.map(({ mask }, m) => iou(mask, MASKS[m]!))
    }
    const [one, six] = [await ious(1), await ious(6)]
    one.forEach((value, m) => {
      expect(six[m]).toBeGreaterThanOrEqual(value)
    })
    expect(six).not.toEqual(one)
  })

  it('gives a mask the same words alone, in company and in groups', async () => {
    const image = await codec.encodeImage({ widthPx: side, heightPx: side })
    const together = await codec.encode(image, MASKS)
    expect((await Promise.all(MASKS.map((mask) => codec.encode(image, [mask])))).flat()).toEqual(together)
    const narrow = await createHiMTok({
      config: { ...TOY_HIMTOK, search: 6 },
      weights,
      session,
      maxRunBytes: 1,
    })
    expect(await narrow.encode(image, MASKS)).toEqual(together)
    await narrow.close()
  })

  it('looks at the tokens that are asked for, and leaves the rest alone', async () => {
    const image = await codec.encodeImage({ widthPx: side, heightPx: side })
    const words = await codec.encode(image, MASKS, { length: 2 })
    expect(words.every(({ codes }) => codes.length === 2)).toBe(true)
  })

  it('refuses numbers of trials that cannot be, and trials that it was not opened for', async () => {
    const image = await codec.encodeImage({ widthPx: side, heightPx: side })
    await expect(codec.encode(image, MASKS, { search: 0 })).rejects.toThrow(
      /whole number from 1 to 1024, got 0/,
    )
    await expect(createHiMTok({ config: { ...TOY_HIMTOK, search: 1.5 }, weights })).rejects.toThrow(/got 1.5/)
    const plain = await createHiMTok({ config: TOY_HIMTOK, weights, session })
    await expect(plain.encode(image, MASKS, { search: 2 })).rejects.toMatchObject({
      code: 'out-of-range',
      hint: expect.stringContaining('config.json'),
    })
    await plain.close()
  })
})

describe('the descent', () => {
  // Two tokens of two numbers; four codes at the compass points.
  const config = { ...TOY_HIMTOK, sizePx: 1, latents: 2, codeSize: 2, codebookSize: 4 }
  const codebook = makeCodebook(Float32Array.of(1, 0, 0, 1, -1, 0, 0, -1), Float32Array.of(1, 0, 0, 1), 2)
  const run = (slopes: readonly number[][], logits: readonly number[]) => {
    const tried: number[][] = []
    return {
      tried,
      best: searchCodes({
        config,
        codebook,
        latents: Float32Array.of(3, 0.1, 0.2, 5),
        squares: Float32Array.of(1),
        trials: logits.length,
        decode: async (codes, slope) => {
          const at = tried.push([...codes]) - 1
          const square = Float32Array.of(logits[at]!)
          return slope ? { logits: square, slope: Float32Array.from(slopes[at]!) } : { logits: square }
        },
      }),
    }
  }

  it('starts at the nearest codes, follows the slope, and asks for no slope it cannot use', async () => {
    const { tried, best } = run([[0, -2, 0, 0]], [-1, 1])
    expect([...(await best)]).toEqual([1, 1])
    expect(tried).toEqual([
      [0, 1],
      [1, 1],
    ])
  })

  it('keeps the first of equally good rows', async () => {
    const { tried, best } = run([[0, -2, 0, 0]], [1, 1])
    expect([...(await best)]).toEqual([0, 1])
    expect(tried).toHaveLength(2)
  })
})
