import { bytesFromMemory, encodeSafetensors, openCheckpoint, openCheckpointFile } from '@maskwords/checkpoint'

import { maskFromRowMajor } from '@maskwords/mask'
import { attentionBlocked } from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded, recordedCheckpoint } from '../../../../scripts/recorded.ts'
import { formulaWeights } from '../../../graph/test/formula-weights.ts'
import { createHiMTok, type HimtokCodec } from './codec.ts'
import { HIMTOK_PUBLISHED, type HimtokConfig } from './config.ts'

const GAIN: Record<string, number> = {
  'encoder.patch_embed.weight': 12,
  'decoder.decoder_embed.weight': 4,
  'decoder.ffn.2.weight': 3,
  'pixel_decoder.conv_out.weight': 4,
}
const gained = (key: string, shape: readonly number[]): Float32Array =>
  formulaWeights(key, shape).map((value) => Math.fround(value * (GAIN[key] ?? 1)))

const MICRO: HimtokConfig = {
  ...HIMTOK_PUBLISHED,
  encoder: { width: 64, layers: 3, heads: 4 },
  decoder: { width: 64, layers: 3, heads: 4 },
  pixelDecoder: { ...HIMTOK_PUBLISHED.pixelDecoder, channels: 32 },
}
/** Nothing of it has the published size: 64 pixels, 8 tokens of 5 numbers, patches of 8, other widths on both sides. */
const TOY: HimtokConfig = {
  profile: 'clean',
  sizePx: 64,
  patchPx: 8,
  latents: 8,
  codebookSize: 64,
  codeSize: 5,
  encoder: { width: 32, layers: 2, heads: 2 },
  decoder: { width: 48, layers: 1, heads: 3 },
  pixelDecoder: { inputChannels: 40, channels: 32, multipliers: [1, 1, 2, 2], blocks: 1, outputChannels: 2 },
  mlpRatio: 2,
}
const session = { worker: false, threads: 1 } as const

const PTH = recordedCheckpoint('himtok-micro.pth')
const withoutPth = PTH === undefined ? ' (without the .pth file: ../shared/reference is not here)' : ''

describe(`published HiMTok code, recorded${withoutPth}`, () => {
  let file: Awaited<ReturnType<typeof openCheckpointFile>>
  const values = (name: string) => file.read(name, { as: 'float32' })
  const codecs: HimtokCodec[] = []
  beforeAll(async () => {
    file = await openCheckpointFile(recorded('himtok-micro.golden.safetensors'))
    codecs.push(await createHiMTok({ config: MICRO, weights: gained, session }))
    if (PTH === undefined) return
    const pth = await openCheckpointFile(PTH)
    codecs.push(await createHiMTok({ config: MICRO, weights: pth, session }))
    await pth.close()
  })
  afterAll(() => Promise.all([file, ...codecs].map((one) => one.close())))

  it('gives the same latents and all 160 tokens, by formula and from the .pth file', async () => {
    const squares = new Float32Array(5 * 256 * 256)
    for (let i = 0; i < 5; i++) squares.set(await values(`mask_${i}`), i * 256 * 256)
    const latents = await values('latents')
    const tokens = await values('tokens')
    for (const codec of codecs) {
      const z = await codec.latents(squares)
      let worst = 0
      for (let m = 0; m < 5; m++)
        for (let d = 0; d < 12; d++)
          for (let k = 0; k < 32; k++)
            worst = Math.max(worst, Math.abs(z[(m * 32 + k) * 12 + d]! - latents[(m * 12 + d) * 32 + k]!))
      expect(worst).toBeLessThan(1e-3)
      expect(Array.from(codec.quantise(z))).toEqual(Array.from(tokens))
    }
  })

  it('decodes all tokens and every recorded prefix to 2e-3, on each of the three published paths', async () => {
    const tokens = await values('tokens')
    const row = (m: number): number[] => Array.from(tokens.subarray(m * 32, m * 32 + 32))
    for (const [at, codec] of codecs.entries()) {
      const image = await codec.encodeImage({ widthPx: 256, heightPx: 256 })
      const worstOf = async (
        name: string,
        masks: readonly { logits?: { data: Float32Array } }[],
      ): Promise<number> => {
        const wanted = await values(name)
        let worst = 0
        masks.forEach((mask, m) => {
          mask.logits!.data.forEach((logit, i) => {
            worst = Math.max(worst, Math.abs(1 / (1 + Math.exp(-logit)) - wanted[m * 65536 + i]!))
          })
        })
        return worst
      }
      const unit = { codeScale: 'unit', logits: true } as const
      expect(
        await worstOf('decoded', await codec.decode(image, [0, 1, 2, 3, 4].map(row), unit)),
      ).toBeLessThan(2e-3)
      // The file's weights are the formula's, as the tokens and the masks above have shown.
      if (at > 0) continue
      for (const length of [4, 8, 16]) {
        const masks = [
          ...(await codec.levels(image, row(0), [length], unit)),
          ...(await codec.levels(image, row(1), [length], unit)),
        ]
        expect(await worstOf(`decoded_prefix_${length}`, masks)).toBeLessThan(2e-3)
      }
      const hot = [0, 1].map((m) => {
        const rows = new Float32Array(32 * 1024)
        for (const [k, code] of row(m).entries()) rows[k * 1024 + code] = 1
        return rows
      })
      expect(
        await worstOf('decoded_from_probabilities', await codec.decodeSoft(image, hot, { logits: true })),
      ).toBeLessThan(2e-3)
      expect(
        await worstOf(
          'decoded_from_probabilities',
          await codec.decode(image, [0, 1].map(row), { logits: true }),
        ),
      ).toBeLessThan(2e-3)
    }
  })
})

describe('a HiMTok of no published size', () => {
  let codec: HimtokCodec
  const disc = (radius: number) =>
    maskFromRowMajor({
      widthPx: 90,
      heightPx: 70,
      bytes: Uint8Array.from({ length: 90 * 70 }, (_, i) =>
        ((i % 90) - 40) ** 2 + (Math.floor(i / 90) - 30) ** 2 < radius ** 2 ? 1 : 0,
      ),
    })
  beforeAll(async () => {
    codec = await createHiMTok({ config: TOY, weights: gained, session })
  })
  afterAll(() => codec.close())

  it('writes 8 tokens of 6 bits, the same alone and in a batch, and keeps a prefix on request', async () => {
    const image = await codec.encodeImage({ widthPx: 90, heightPx: 70 })
    const masks = [disc(10), disc(25), disc(30)]
    const together = await codec.encode(image, masks)
    const alone = (await Promise.all(masks.map((mask) => codec.encode(image, [mask])))).flat()
    expect(together).toEqual(alone)
    expect(together[0]).toMatchObject({ tokens: 10, bits: 48 })
    expect(together[0]!.codes).toHaveLength(8)
    const [short] = await codec.encode(image, [masks[0]!], { length: 3 })
    expect(short!.codes).toEqual(together[0]!.codes.slice(0, 3))
    expect(short!.text).toBe(`<|mt_start|>${short!.codes.map((code) => `<|mt_${code}|>`).join('')}<|mt_end|>`)
  })

  it('token k does not depend on later latents in the clean layout, and a causal mask keeps later latents out', () => {
    const blocked = attentionBlocked(TOY)
    const side = 1 + 64 + 8
    const rowSum = (row: number) => blocked.subarray(row * side, (row + 1) * side).reduce((a, b) => a + b, 0)
    expect([0, 64, 65, 66, 72].map(rowSum)).toEqual([8, 8, 7, 6, 0])
  })

  it('decodes text, codes and words alike, at the size of the picture, and any prefix', async () => {
    const image = await codec.encodeImage({ widthPx: 90, heightPx: 70 })
    const [words] = await codec.encode(image, [disc(20)])
    const [a, b, c] = await codec.decode(image, [words!, words!.text, words!.codes], { logits: true })
    expect(a!.mask).toMatchObject({ widthPx: 90, heightPx: 70 })
    expect(b!.logits!.data).toEqual(a!.logits!.data)
    expect(c!.mask).toEqual(a!.mask)
    const levels = await codec.levels(image, words!, [1, 2, 4, 8], { logits: true })
    expect(levels).toHaveLength(4)
    expect(levels[3]!.logits!.data).toEqual(a!.logits!.data)
    expect(levels[0]!.logits!.data).not.toEqual(a!.logits!.data)
    const [zero] = await codec.decode(image, [words!.codes.slice(0, 2)], { logits: true })
    const [bias] = await codec.decode(image, [words!.codes.slice(0, 2)], { logits: true, missing: 'bias' })
    expect(bias!.logits!.data).not.toEqual(zero!.logits!.data)
  })

  it('runs masks in groups that fit the memory it may take, with the same result', async () => {
    const narrow = await createHiMTok({ config: TOY, weights: gained, session, maxRunBytes: 1 })
    const image = await codec.encodeImage({ widthPx: 90, heightPx: 70 })
    const masks = [disc(10), disc(25)]
    expect(await narrow.encode(image, masks)).toEqual(await codec.encode(image, masks))
    await narrow.close()
    await expect(narrow.encode(image, masks)).rejects.toMatchObject({ code: 'wrong-owner' })
  })

  it('says what is wrong with words, sizes and configurations', async () => {
    const image = await codec.encodeImage({ widthPx: 90, heightPx: 70 })
    await expect(codec.decode(image, [[64]])).rejects.toMatchObject({
      code: 'malformed-words',
      message: expect.stringContaining('0 to 63'),
    })
    await expect(codec.decode(image, [[]])).rejects.toMatchObject({ code: 'malformed-words' })
    await expect(codec.encode({ ...image, widthPx: 91 }, [disc(9)])).rejects.toMatchObject({
      code: 'size-mismatch',
    })
    const wrong = { ...TOY, encoder: { ...TOY.encoder, heads: 3 }, patchPx: 4 }
    await expect(createHiMTok({ config: wrong, weights: gained })).rejects.toThrow(
      /32 does not divide by its 3 heads; .*4 pixels wide/,
    )
  })

  it('refuses weights of another model, and lists what is missing and what has another shape', async () => {
    const file = await openCheckpoint(
      bytesFromMemory(
        await encodeSafetensors({
          tensors: [
            { name: 'latent_tokens', dtype: 'float32', shape: [32, 1024], data: new Float32Array(32 * 1024) },
            {
              name: 'model.sam2_model.no_mem_embed',
              dtype: 'float32',
              shape: [1],
              data: new Float32Array(1),
            },
          ],
        }),
      ),
      { name: 'other.safetensors' },
    )
    await expect(createHiMTok({ config: TOY, weights: file })).rejects.toMatchObject({
      code: 'wrong-weights',
      message: expect.stringMatching(
        /tensors are missing .*"latent_tokens" is \[32, 1024\], not \[8, 32\].*no_mem_embed/,
      ),
    })
  })
})
