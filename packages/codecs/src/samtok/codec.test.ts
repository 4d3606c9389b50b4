import { type Checkpoint, openCheckpointFile } from '@maskwords/checkpoint'
import { emptyMask, type Mask, maskFromRowMajor } from '@maskwords/mask'
import { SAM2_CONFIGS } from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded, recordedCheckpoint } from '../../../../scripts/recorded.ts'
import { formulaWeights } from '../../../graph/test/formula-weights.ts'
import { recordedPicture } from '../../test/recorded-picture.ts'
import type { Pixels } from '../codec.ts'
import { createSamTok, type SamtokCodec, type SamtokImage } from './codec.ts'
import type { SamtokConfig } from './config.ts'

const trunk = {
  embedDim: 24,
  heads: 1,
  stages: [1, 2, 4, 1],
  globalBlocks: [4, 6],
  windows: [8, 4, 14, 7],
  background: [7, 7],
  poolings: 3,
} as const
const MICRO: SamtokConfig = { sam2: { ...SAM2_CONFIGS.large, trunk }, codesPerLevel: 256, levels: 2 }
/** Nothing of it has the published size: 128 pixels, width 32, windows that need padding, 16 x 3 codes. */
const TOY: SamtokConfig = {
  sam2: {
    ...SAM2_CONFIGS.large,
    imagePx: 128,
    trunk: {
      ...trunk,
      embedDim: 8,
      heads: 2,
      stages: [1, 1, 2, 1],
      globalBlocks: [3],
      windows: [6, 4, 6, 2],
      background: [5, 3],
    },
    width: 32,
    twoWay: { depth: 1, heads: 2, mlpWidth: 48, attentionDownsample: 2 },
    maskPromptWidth: 8,
  },
  codesPerLevel: 16,
  levels: 3,
}
const session = { worker: false, threads: 1 } as const

const PTH = recordedCheckpoint('samtok-micro.pth')
const absent = PTH === undefined ? ' (skipped: ../shared/reference is not here)' : ''

describe('published SAMTok code, recorded', () => {
  let golden: Checkpoint
  let codec: SamtokCodec
  let image: SamtokImage
  const masks: Mask[] = []
  const values = (name: string): Promise<Float32Array> => golden.read(name, { as: 'float32' })
  const worst = (a: Float32Array, b: Float32Array): number => {
    expect(a.length).toBe(b.length)
    return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
  }

  beforeAll(async () => {
    golden = await openCheckpointFile(recorded('samtok-micro.golden.safetensors'))
    const tables = new Map<string, Float32Array>()
    for (const level of [0, 1])
      tables.set(`quantizer.codebooks.${level}.weight`, await values(`quantizer.codebooks.${level}.weight`))
    codec = await createSamTok({
      config: MICRO,
      weights: (key, shape) => tables.get(key) ?? formulaWeights(key, shape),
      session,
    })
    // The masks are 480 x 360, the picture is square; SAMTok squashes both to its frame, so the size is all that differs.
    image = { ...(await codec.encodeImage(recordedPicture())), widthPx: 480, heightPx: 360 }
    for (let i = 0; i < 6; i++)
      masks.push(
        maskFromRowMajor({ widthPx: 480, heightPx: 360, bytes: Uint8Array.from(await values(`mask_${i}`)) }),
      )
  })
  afterAll(async () => {
    await codec.close()
    await golden.close()
  })

  it('gives the same feature maps to 1e-4', async () => {
    for (const [map, name, side] of [
      [image.fine, 'image_feature_0', 256],
      [image.middle, 'image_feature_1', 128],
    ] as const) {
      const sampled: number[] = []
      for (let c = 0; c < map.length / side ** 2; c++)
        for (let y = 0; y < side; y += 4)
          for (let x = 0; x < side; x += 4) sampled.push(map[(c * side + y) * side + x]!)
      expect(worst(Float32Array.from(sampled), await values(name))).toBeLessThan(1e-4)
    }
  })

  it('gives the same mask embeddings to 1e-3 with the boxes that were recorded, and all 12 codes with those or its own', async () => {
    const shares = await values('boxes')
    const boxesXyxyPx = masks.map(
      (_, m) =>
        [
          shares[4 * m]! * 480,
          shares[4 * m + 1]! * 360,
          shares[4 * m + 2]! * 480,
          shares[4 * m + 3]! * 360,
        ] as const,
    )
    expect(
      worst(await codec.embed(image, masks, { boxesXyxyPx }), await values('mask_embeddings')),
    ).toBeLessThan(1e-3)
    const recorded = Array.from(await values('codes'))
    for (const options of [{ boxesXyxyPx }, {}]) {
      const words = await codec.encode(image, masks, options)
      expect(words.flatMap((word) => word.codes)).toEqual(recorded)
    }
  })

  it('decodes codes to the same logits to 5e-3, and a missing second code by the first alone', async () => {
    const codes = await values('codes')
    const rows = [0, 1, 2].map((m) => [codes[2 * m]!, codes[2 * m + 1]!])
    const decoded = await codec.decode(image, [...rows, [rows[0]![0]!], [rows[0]![0]!, -1]], { logits: true })
    const logits = (m: number): Float32Array => decoded[m]!.logits!.data
    const recorded = await values('mask_logits')
    for (const m of [0, 1, 2])
      expect(worst(logits(m), recorded.slice(m * 65536, (m + 1) * 65536))).toBeLessThan(5e-3)
    const alone = await values('mask0_logits_second_code_missing')
    expect(worst(logits(3), alone)).toBeLessThan(5e-3)
    expect(worst(logits(4), alone)).toBeLessThan(5e-3)
    expect(decoded[0]!.mask).toMatchObject({ widthPx: 480, heightPx: 360 })
    const [official] = await codec.decode(image, [[rows[0]![0]!, -1]], { logits: true, missing: 'official' })
    const [entryZero] = await codec.decode(image, [[rows[0]![0]!, 0]], { logits: true })
    expect(official!.logits!.data).toEqual(entryZero!.logits!.data)
  })

  it.skipIf(absent !== '')(
    `reads the same from the .pth file, whose tensors stay where they are${absent}`,
    async () => {
      const pth = await openCheckpointFile(PTH!)
      const other = await createSamTok({ config: MICRO, weights: pth, session })
      const again = { ...(await other.encodeImage(recordedPicture())), widthPx: 480, heightPx: 360 }
      expect(worst(again.coarse, image.coarse)).toBeLessThan(1e-5)
      const words = await other.encode(again, masks)
      expect(words.flatMap((word) => word.codes)).toEqual(Array.from(await values('codes')))
      await other.close()
      await pth.close()
    },
  )

  it.skipIf(absent !== '')(
    `refuses a mask tokenizer with other codebooks, and says which${absent}`,
    async () => {
      const pth = await openCheckpointFile(PTH!)
      await expect(
        createSamTok({ config: { ...MICRO, codesPerLevel: 512 }, weights: pth }),
      ).rejects.toMatchObject({
        code: 'wrong-weights',
        message: expect.stringMatching(
          /512 x 2 SAMTok.*"quantizer.codebooks.0.weight" is \[257, 256\], not \[513, 256\]/,
        ),
      })
      const sam2 = {
        ...pth,
        tensors: new Map([...pth.tensors].map(([key, info]) => [key.replace('model.sam2_model.', ''), info])),
      }
      await expect(createSamTok({ config: MICRO, weights: sam2 })).rejects.toMatchObject({
        code: 'wrong-weights',
        hint: expect.stringContaining('SAM 2 file alone'),
      })
      await pth.close()
    },
  )
})

describe('a SAMTok of no published size', () => {
  let codec: SamtokCodec
  let image: SamtokImage
  const picture: Pixels = {
    widthPx: 60,
    heightPx: 45,
    rgb: Uint8Array.from({ length: 60 * 45 * 3 }, (_, i) => (i * 37) ^ (i >> 5)),
  }
  const block = (x0: number, y0: number, x1: number, y1: number): Mask =>
    maskFromRowMajor({
      widthPx: 60,
      heightPx: 45,
      bytes: Uint8Array.from({ length: 60 * 45 }, (_, i) => {
        const [x, y] = [i % 60, Math.floor(i / 60)]
        return x >= x0 && x < x1 && y >= y0 && y < y1 ? 1 : 0
      }),
    })
  const masks = [block(3, 4, 20, 30), block(30, 2, 59, 44), block(0, 0, 60, 45)]

  beforeAll(async () => {
    codec = await createSamTok({ config: TOY, weights: formulaWeights, session })
    image = await codec.encodeImage(picture)
  })
  afterAll(() => codec.close())

  it('writes three words of 4 bits, the same alone, together and in small groups', async () => {
    const together = await codec.encode(image, masks)
    expect(together.map((word) => [word.codes.length, word.tokens, word.bits])).toEqual([
      [3, 5, 12],
      [3, 5, 12],
      [3, 5, 12],
    ])
    for (const [m, mask] of masks.entries()) expect(await codec.encode(image, [mask])).toEqual([together[m]])
    const narrow = await createSamTok({ config: TOY, weights: formulaWeights, session, maxRunBytes: 1 })
    expect(await narrow.encode(image, masks)).toEqual(together)
    const wide = await codec.decode(image, together, { logits: true })
    const one = await narrow.decode(image, together, { logits: true })
    for (const m of [0, 1, 2]) {
      wide[m]!.logits!.data.forEach((value, i) => {
        if (Math.abs(value - one[m]!.logits!.data[i]!) > 1e-4) throw new Error(`mask ${m}, logit ${i}`)
      })
    }
    await narrow.close()
  })

  it('is a value: a picture that went through JSON-like copying decodes the same', async () => {
    const copy = structuredClone(image)
    const [words] = await codec.encode(image, [masks[0]!])
    const [a] = await codec.decode(image, [words!])
    const [b] = await codec.decode(copy, [words!.text])
    expect(b!.mask).toEqual(a!.mask)
    expect(b!.score).toBe(a!.score)
  })

  it('shares one codebook between levels where the configuration says so', async () => {
    const shared = await createSamTok({
      config: { ...TOY, sharedCodebook: true },
      weights: formulaWeights,
      session,
    })
    expect(shared.codebooks.levels[2]).toBe(shared.codebooks.levels[0])
    await shared.close()
  })

  it('says what is wrong with masks, words, pictures and configurations', async () => {
    await expect(codec.encode(image, [emptyMask(60, 45)])).rejects.toMatchObject({
      code: 'out-of-range',
      at: 0,
    })
    await expect(codec.decode(image, [[16]])).rejects.toMatchObject({ code: 'malformed-words' })
    await expect(codec.decode(image, [[-1, 2]])).rejects.toMatchObject({ code: 'malformed-words' })
    await expect(codec.encodeImage({ widthPx: 4, heightPx: 4 })).rejects.toMatchObject({
      code: 'missing-input',
    })
    await expect(codec.encode({ ...image, coarse: new Float32Array(4) }, masks)).rejects.toMatchObject({
      code: 'wrong-owner',
    })
    const odd = { ...TOY, sam2: { ...TOY.sam2, trunk: { ...TOY.sam2.trunk, windows: [7, 4, 6, 2] } } }
    await expect(createSamTok({ config: odd, weights: formulaWeights })).rejects.toThrow(
      /block 1 halves windows of odd side 7/,
    )
  })
})
