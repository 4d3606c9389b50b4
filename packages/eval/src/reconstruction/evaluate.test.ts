// What the reconstruction benchmark promises: literals on masks of a few pixels, and properties of any run.
import { type Mask, maskFromRowMajor } from '@maskwords/mask'
import { himtokVocabulary, samtokVocabulary } from '@maskwords/words'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CodecWords, ReconstructionCodec } from './codec.ts'
import { contactSheet, rowsToShow } from './contact-sheet.ts'
import { type EvaluateOptions, evaluateReconstruction } from './evaluate.ts'
import { type ReconstructionRow, sampleRow, type TruthPicture } from './sample.ts'
import { summarise } from './summary.ts'

const maskOf = (widthPx: number, heightPx: number, isIn: (x: number, y: number) => boolean): Mask =>
  maskFromRowMajor({
    widthPx,
    heightPx,
    bytes: Uint8Array.from({ length: widthPx * heightPx }, (_, i) =>
      isIn(i % widthPx, Math.floor(i / widthPx)) ? 1 : 0,
    ),
  })

const box = (x0: number, y0: number, x1: number, y1: number) =>
  maskOf(20, 10, (x, y) => x >= x0 && x < x1 && y >= y0 && y < y1)

const pictureOf = (id: string, masks: Record<string, Mask>): TruthPicture => ({
  id,
  widthPx: 20,
  heightPx: 10,
  rgb: new Uint8Array(600),
  masks: Object.entries(masks).map(([name, mask]) => ({ id: name, mask })),
})

/** A codec that keeps masks in a list, and gives back what `change` makes of them and of how many codes are left. */
function keepingCodec(change: (mask: Mask, codes: readonly number[]) => Mask): ReconstructionCodec {
  const kept: Mask[] = []
  return {
    vocabulary: himtokVocabulary({ codes: 16, maxLength: 4 }),
    async encodeImage(picture) {
      return picture
    },
    async encode(_, masks): Promise<CodecWords[]> {
      return masks.map((mask) => {
        kept.push(mask)
        return { codes: [kept.length - 1, 1, 2, 3], text: 'words', tokens: 6, bits: 16 }
      })
    },
    async decode(_, words) {
      return words.map(({ codes }) => ({ mask: change(kept[codes[0]!]!, codes) }))
    },
  }
}

const identity = () => keepingCodec((mask) => mask)
const run = (
  pictures: readonly TruthPicture[],
  codec: ReconstructionCodec,
  more: Partial<EvaluateOptions> = {},
) => evaluateReconstruction({ pictures, codecs: [{ name: 'c', codec }], ...more })

const PICTURES = [
  // 10 x 10 of 200 pixels: half the picture. 2 x 2: 2 %.
  pictureOf('a', { big: box(0, 0, 10, 10), small: box(12, 2, 14, 4) }),
  pictureOf('b', { wide: box(0, 2, 20, 4) }),
]

describe('a run', () => {
  it('of a codec that loses nothing has IoU 1 and boundary F 1 in every bucket', async () => {
    const { rows, methods } = await run(PICTURES, identity())
    expect(methods).toEqual(['c'])
    const summary = summarise(rows.get('c')!, 0)
    expect(summary).toMatchObject({
      meanIou: 1,
      medianIou: 1,
      boundaryF: 1,
      masks: 3,
      pictures: 2,
      failed: 0,
      bits: 16,
      tokens: 6,
      interval: [1, 1],
    })
    expect(summary.perBucket.map(({ bucket, masks, meanIou }) => [bucket, masks, meanIou])).toEqual([
      ['1-2.5 %', 1, 1],
      ['2.5-5 %', 0, undefined],
      ['5-10 %', 0, undefined],
      ['10-25 %', 1, 1],
      ['25-100 %', 1, 1],
    ])
  })

  it('of a codec that says the left ten columns for everything has the IoU that can be counted by hand', async () => {
    const codec = keepingCodec(() => box(0, 0, 10, 10))
    const { rows } = await run(PICTURES, codec)
    // wide: 20 pixels shared of 100 + 40 - 20.
    expect(rows.get('c')!.map(({ mask, iou, areaShare }) => [mask, iou, areaShare])).toEqual([
      ['big', 1, 0.5],
      ['small', 0, 0.02],
      ['wide', 20 / 120, 0.2],
    ])
    expect(summarise(rows.get('c')!, 0).meanIou).toBeCloseTo((1 + 0 + 1 / 6) / 3, 12)
  })

  it('gives the same summary whatever the order of pictures and masks', async () => {
    const codec = () =>
      keepingCodec((mask) => maskOf(20, 10, (x, y) => (x + y) % 3 > 0 && mask.edges.length > 0))
    const cells = fc
      .array(fc.boolean(), { minLength: 200, maxLength: 200 })
      .filter((bits) => bits.includes(true))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(cells, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 }),
        async (all) => {
          const pictures = all.map((masks, p) =>
            pictureOf(
              `p${p}`,
              Object.fromEntries(
                masks.map((bits, m) => [`m${m}`, maskOf(20, 10, (x, y) => bits[y * 20 + x]!)]),
              ),
            ),
          )
          const turned = pictures
            .map((picture) => ({ ...picture, masks: [...picture.masks].reverse() }))
            .reverse()
          const timeless = async (list: TruthPicture[]) => {
            const { rows } = await run(list, codec())
            const { encodeMs, decodeMs, ...rest } = summarise(rows.get('c')!, 7)
            return rest
          }
          expect(await timeless(turned)).toEqual(await timeless(pictures))
        },
      ),
      { numRuns: 20 },
    )
  })

  it('counts a mask that cannot be said as IoU 0, with its reason, and its neighbours as they are', async () => {
    const codec = keepingCodec((mask) => mask)
    const encode = codec.encode
    codec.encode = async (image, masks) => {
      if (masks.some((mask) => mask.edges[0] !== 0)) throw new RangeError('too small to say')
      return encode(image, masks)
    }
    const isFailure = (error: unknown) => error instanceof RangeError
    const { rows } = await run(PICTURES, codec, { isFailure, lengths: [2] })
    expect(rows.get('c')!.map(({ mask, iou, failure }) => [mask, iou, failure])).toEqual([
      ['big', 1, undefined],
      ['small', 0, 'too small to say'],
      ['wide', 0, 'too small to say'],
    ])
    expect(rows.get('c@2')).toHaveLength(3)
    expect(summarise(rows.get('c')!, 0)).toMatchObject({ meanIou: 1 / 3, masks: 3, failed: 2 })
    expect(sampleRow(rows.get('c')![1]!)).toMatchObject({
      id: 'a/small',
      status: 'failed',
      picture: 'a',
      values: { iou: 0 },
    })
    await expect(run(PICTURES, codec)).rejects.toThrow('too small to say')
  })

  it('decodes the first codes for every length: bits and tokens are those of the kept codes', async () => {
    // A column for each code that is left.
    const codec = keepingCodec((_, codes) => box(0, 0, codes.length, 10))
    const truth = [pictureOf('a', { four: box(0, 0, 4, 10) })]
    const { rows, methods } = await run(truth, codec, { lengths: [1, 2, 4, 9] })
    expect(methods).toEqual(['c', 'c@1', 'c@2', 'c@4'])
    const numbers = methods
      .map((method) => rows.get(method)![0]!)
      .map(({ iou, bits, tokens }) => [iou, bits, tokens])
    expect(numbers).toEqual([
      [1, 16, 6],
      [0.25, 4, 3],
      [0.5, 8, 4],
      [1, 16, 6],
    ])
  })

  it('says which codes a codec uses, by level', async () => {
    const codec: ReconstructionCodec = {
      ...identity(),
      vocabulary: samtokVocabulary({ codesPerLevel: 4, levels: 2 }),
      encode: async (_, masks) =>
        masks.map((_mask, i) => ({ codes: [i % 2, -1], text: '', tokens: 4, bits: 4 })),
      decode: async (_, words) => words.map(() => ({ mask: box(0, 0, 1, 1) })),
    }
    const { usage } = await run(PICTURES, codec)
    const [first, second] = usage.get('c')!
    // Chosen: 0, 1, 0. Entropy of 2/3 and 1/3.
    expect(first).toMatchObject({ level: 'level 1', codes: 4, used: 2, deadShare: 0.5, chosen: 3 })
    expect(first!.perplexity).toBeCloseTo(
      Math.exp(-(2 / 3) * Math.log(2 / 3) - (1 / 3) * Math.log(1 / 3)),
      12,
    )
    expect(second).toMatchObject({ used: 0, deadShare: 1, perplexity: 0, chosen: 0 })
  })

  it('refuses pictures, masks and codecs of one name, and masks of another size', async () => {
    const twice = [PICTURES[0]!, PICTURES[0]!]
    await expect(run(twice, identity())).rejects.toMatchObject({ code: 'duplicate' })
    const codecs = [1, 2].map(() => ({ name: 'c', codec: identity() }))
    await expect(run([], identity(), { codecs })).rejects.toMatchObject({ code: 'duplicate' })
    const other = [{ ...PICTURES[1]!, widthPx: 10, heightPx: 20 }]
    await expect(run(other, identity())).rejects.toMatchObject({ code: 'size-mismatch' })
  })

  it('stops at an abort', async () => {
    const controller = new AbortController()
    const onPicture = () => controller.abort(new Error('enough'))
    await expect(run(PICTURES, identity(), { signal: controller.signal, onPicture })).rejects.toThrow(
      'enough',
    )
  })
})

describe('a contact sheet', () => {
  const row = (picture: string, mask: string, iou: number, failure?: string): ReconstructionRow => ({
    picture,
    mask,
    method: 'c',
    areaShare: 0.1,
    iou,
    ...(failure !== undefined && { failure }),
  })
  const rows = [
    row('a', '1', 0.9),
    row('a', '2', 0.1),
    row('b', '1', 0.5),
    row('c', '1', 0.5),
    row('d', '1', 0, 'no'),
  ]

  it('shows the worst, the median and the best, one mask a picture, none that failed', () => {
    const shown = (kind: 'worst' | 'median' | 'best', count: number) =>
      rowsToShow(rows, kind, count).map(({ picture, mask }) => `${picture}${mask}`)
    expect(shown('worst', 9)).toEqual(['a2', 'b1', 'c1'])
    expect(shown('best', 2)).toEqual(['a1', 'b1'])
    expect(shown('median', 2)).toEqual(['b1', 'c1'])
  })

  it('has three panels a sample; what the font lacks is a question mark', () => {
    const picture = PICTURES[0]!
    const sample = { picture, truth: box(0, 0, 10, 10), decoded: box(5, 0, 15, 10), caption: 'IoU 0.33 Ü' }
    const sheet = contactSheet('one', [sample])
    expect([sheet.widthPx, sheet.heightPx]).toEqual([3 * (264 + 8) + 8, 62 + 190 + 20 + 8])
    // An empty reconstruction, and one far away, must be drawn as well.
    const nothing = box(0, 0, 0, 0)
    expect(
      contactSheet('two', [
        { ...sample, decoded: nothing },
        { ...sample, truth: box(19, 9, 20, 10) },
      ]).widthPx,
    ).toBe(2 * sheet.widthPx)
    expect(() => contactSheet('none', [])).toThrow(/from 1 to 60/)
  })
})
