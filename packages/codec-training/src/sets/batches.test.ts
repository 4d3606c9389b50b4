import { maskFromRowMajor } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { randomFrom } from '../../../codecs/src/getok/random.ts'
import { himtokBatches, samtokBatches, type TrainingSet } from './batches.ts'
import { drawScene } from './scene.ts'

const AUGMENTATION = {
  scale: [0.6, 1.1] as const,
  stretch: 1.4,
  turnDegrees: 10,
  mirror: [0.5, 0] as const,
  whole: 0.3,
  colour: 0.3,
  morphology: 0.2,
  copyPaste: 0.3,
}
const COMMON = {
  seed: 3,
  augmentation: AUGMENTATION,
  scenes: 0.3,
  leastShare: 0.01,
  quantiseAfter: { start: 2, full: 6 },
}

/** Two pictures of a scene each; the second one has a single mask. */
const SET: TrainingSet = {
  name: 'scenes',
  weight: 1,
  count: 2,
  async picture(index) {
    const { rgb, labels, regions } = drawScene(randomFrom(index), { side: 96, shapes: [3, 5] })
    const of = (region: number) =>
      maskFromRowMajor({
        widthPx: 96,
        heightPx: 96,
        bytes: Uint8Array.from(labels, (label) => (label === region ? 1 : 0)),
      })
    const masks = Array.from({ length: index === 0 ? regions : 1 }, (_, region) => of(region))
    return { pixels: { widthPx: 96, heightPx: 96, rgb }, masks }
  },
}

describe('batches for a SAMTok', () => {
  const source = samtokBatches({ ...COMMON, sets: [SET], imagePx: 64, pictures: 2, masksPerPicture: 5 })
  type Feeds = Record<string, { data: Float32Array | Uint8Array; shape: number[] }>
  const batch = async (index: number) => (await source.batch(index)) as Feeds

  it('are a function of their number, whatever was asked before', async () => {
    const [late, first] = [await batch(7), await batch(0)]
    expect(await batch(7)).toEqual(late)
    expect(await batch(0)).toEqual(first)
    expect(first['pixels']!.data).not.toEqual(late['pixels']!.data)
  })

  it('hold for every mask a prompt, a target that says the same, and a box around both', async () => {
    for (let index = 0; index < 12; index++) {
      const { masks, targets, boxes, pixels } = await batch(index)
      expect(pixels!.shape).toEqual([2, 64, 64, 3])
      expect(masks!.shape).toEqual([10, 16, 16])
      for (let m = 0; m < 10; m++) {
        const target = Float32Array.from(targets!.data.slice(m * 256, (m + 1) * 256))
        const prompt = Float32Array.from(masks!.data.slice(m * 256, (m + 1) * 256))
        const covered = target.reduce((a, b) => a + b, 0)
        expect(covered).toBeGreaterThan(0)
        expect(Math.abs(prompt.reduce((a, b) => a + b, 0) - covered)).toBeLessThan(0.2 * covered + 3)
        const [left, top, right, bottom] = boxes!.data.slice(m * 4, m * 4 + 4)
        target.forEach((share, i) => {
          if (share === 0) return
          expect((i % 16) * 4 + 4).toBeGreaterThan(left!)
          expect((i % 16) * 4).toBeLessThanOrEqual(right!)
          expect(Math.floor(i / 16) * 4 + 4).toBeGreaterThan(top!)
          expect(Math.floor(i / 16) * 4).toBeLessThanOrEqual(bottom!)
        })
      }
    }
  })

  it('bring quantisation in over the steps that were asked for', async () => {
    const shares = await Promise.all(
      [0, 2, 4, 6, 9].map(async (i) => (await batch(i))['quantisedShare']!.data[0]),
    )
    expect(shares).toEqual([0, 0, 0.5, 1, 1])
  })
})

describe('sets without masks', () => {
  it('end the run with what is missing, instead of drawing for ever', async () => {
    const nothing: TrainingSet = { ...SET, picture: async () => ({ masks: [] }) }
    const source = samtokBatches({
      ...COMMON,
      scenes: 0,
      sets: [nothing],
      imagePx: 64,
      pictures: 1,
      masksPerPicture: 1,
    })
    await expect(source.batch(0)).rejects.toThrow('had no mask')
  })
})

describe('batches for a HiMTok', () => {
  it('of the paper hold every level for every mask, longest first, with the prefix present', async () => {
    const source = himtokBatches({
      ...COMMON,
      sets: [],
      sizePx: 16,
      latents: 8,
      masks: 3,
      levels: { kind: 'paper', partial: 2 },
      blur: 1,
    })
    const { targets, present, masks } = (await source.batch(0)) as Record<
      string,
      { data: Float32Array; shape: number[] }
    >
    expect(targets!.shape).toEqual([3, 3, 16, 16])
    expect(targets!.data.slice(0, 3 * 256)).toEqual(masks!.data)
    const lengths = Array.from({ length: 9 }, (_, i) =>
      present!.data.slice(i * 8, i * 8 + 8).reduce((a, b) => a + b, 0),
    )
    expect(lengths.slice(0, 3)).toEqual([8, 8, 8])
    expect(new Set(lengths.slice(3, 6)).size).toBe(1)
    expect(lengths[3]).toBeLessThan(8)
  })

  it('of one length a mask give about the asked share all tokens, and sharp targets where blur is 0', async () => {
    const source = himtokBatches({
      ...COMMON,
      sets: [SET],
      sizePx: 16,
      latents: 8,
      masks: 40,
      levels: { kind: 'each', whole: 0.5 },
      blur: 0,
    })
    const { targets, present, masks } = (await source.batch(5)) as Record<string, { data: Float32Array }>
    expect(targets!.data).toEqual(masks!.data)
    const whole = Array.from({ length: 40 }, (_, i) => present!.data[i * 8 + 7]!).reduce((a, b) => a + b, 0)
    expect(whole).toBeGreaterThan(10)
    expect(whole).toBeLessThan(32)
  })
})
