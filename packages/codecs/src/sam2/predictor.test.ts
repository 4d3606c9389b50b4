import { type Checkpoint, openCheckpointFile } from '@maskwords/checkpoint'
import { buildModel, input, openSession } from '@maskwords/graph'
import { boxTokens, noMaskPrompt, SAM2_CONFIGS, type Sam2Config, sam2MaskDecoder } from '@maskwords/models'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded as recordedFile } from '../../../../scripts/recorded.ts'
import { formulaUnits, formulaWeights } from '../../../graph/test/formula-weights.ts'
import { recordedPicture } from '../../test/recorded-picture.ts'
import { getokCodec } from '../getok/codec.ts'
import { createSam2, type Sam2, type Sam2Image, type Sam2Prompt } from './predictor.ts'
import { stabilityOf } from './prompt.ts'

const PREFIX = 'model.sam2_model.'
const trunk = {
  ...SAM2_CONFIGS.large.trunk,
  embedDim: 24,
  heads: 1,
  stages: [1, 2, 4, 1],
  globalBlocks: [4, 6],
  windows: [8, 4, 14, 7],
}
const MICRO: Sam2Config = { ...SAM2_CONFIGS.large, trunk }
const TOY: Sam2Config = {
  ...MICRO,
  imagePx: 128,
  trunk: { ...trunk, embedDim: 8, windows: [6, 4, 6, 2], background: [5, 3] },
  width: 32,
  twoWay: { depth: 1, heads: 2, mlpWidth: 48, attentionDownsample: 2 },
}
const session = { worker: false, threads: 1 } as const
const GOLDEN = recordedFile('sam2-micro-prompts.golden.safetensors')

describe('published SAM 2 code, recorded', () => {
  let golden: Checkpoint
  let sam2: Sam2
  let image: Sam2Image
  beforeAll(async () => {
    golden = await openCheckpointFile(GOLDEN)
    sam2 = await createSam2({ config: MICRO, prefix: PREFIX, weights: formulaWeights, session })
    image = await sam2.encodeImage(recordedPicture())
  })
  afterAll(async () => {
    await sam2.close()
    await golden.close()
  })

  const values = (name: string): Promise<Float32Array> => golden.read(name, { as: 'float32' })
  const everySecond = (logits: Float32Array): Float32Array =>
    Float32Array.from({ length: 128 * 128 }, (_, i) => logits[2 * Math.floor(i / 128) * 256 + 2 * (i % 128)]!)
  const worst = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    expect(a.length).toBe(b.length)
    return Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0)
  }
  const point = { pointsXyPx: [500, 375], labels: [1] }

  it.each<[string, Sam2Prompt, boolean]>([
    ['point_multimask', point, true],
    ['two_points_single', { pointsXyPx: [500, 375, 900.5, 120.25], labels: [1, 0] }, false],
    ['box_points_single', { pointsXyPx: [600, 500], labels: [1], boxXyxyPx: [300, 200, 812.5, 700] }, false],
    [
      'point_and_mask_single',
      {
        ...point,
        maskLogits: Float32Array.from(formulaUnits('prompt.mask', 65536), (u) => Math.fround(u) * 10),
      },
      false,
    ],
  ])('%s: the same logits to 5e-3, the same predicted IoU to 1e-4', async (name, prompt, multimask) => {
    const answers = await sam2.segment(image, prompt, { multimask, logits: true })
    const logits = await values(`${name}.low_res_logits`)
    expect(answers.length).toBe(logits.length / 16384)
    answers.forEach((answer, i) => {
      expect(worst(everySecond(answer.logits!.data), logits.slice(i * 16384, (i + 1) * 16384))).toBeLessThan(
        5e-3,
      )
    })
    expect(
      worst(
        answers.map((answer) => answer.score!),
        await values(`${name}.iou`),
      ),
    ).toBeLessThan(1e-4)
  })

  it('box_branch_single: a box through its own branch, two tokens and no padding, with its object score', async () => {
    const maps = { coarse: image.coarse, middle: image.middle, fine: image.fine }
    const features = {
      coarse: input('coarse', 'float32', [1, 256, 64, 64]),
      middle: input('middle', 'float32', [1, 64, 128, 128]),
      fine: input('fine', 'float32', [1, 32, 256, 256]),
    }
    const sparse = boxTokens(input('boxes', 'float32', ['boxes', 4]), MICRO, PREFIX)
    const dense = noMaskPrompt(MICRO, PREFIX)
    const options = { config: MICRO, prefix: PREFIX, masks: [0] }
    const { logits, iou, objectScore } = sam2MaskDecoder(features, { sparse, dense }, options)
    const decoder = await openSession(
      buildModel({ outputs: { logits, iou, objectScore }, weights: formulaWeights }),
      session,
    )
    const boxes = { data: Float32Array.of(300, 200, 812.5, 700), shape: [1, 4] }
    const out = await decoder.run({ ...maps, boxes })
    await decoder.close()
    const data = (key: string): Float32Array => out[key]!.data as Float32Array
    expect(worst(everySecond(data('logits')), await values('box_branch_single.low_res_logits'))).toBeLessThan(
      5e-3,
    )
    expect(worst(data('iou'), await values('box_branch_single.iou'))).toBeLessThan(1e-4)
    expect(worst(data('objectScore'), await values('box_branch_single.object_score'))).toBeLessThan(1e-3)
  })

  it('decodes GETok words as the box and points that they say', async () => {
    const codec = getokCodec({ segmenter: sam2 })
    const held = await codec.encodeImage(recordedPicture())
    const words = '<box><grid_9_6><grid_25_21></box><seg><grid_18_15></seg>'
    const [decoded] = await codec.decode(held, [words])
    // Words are centres of cells, 32 pixels wide here.
    const [direct] = await sam2.segment(image, {
      pointsXyPx: [18.5 * 32, 15.5 * 32],
      labels: [1],
      boxXyxyPx: [9.5 * 32, 6.5 * 32, 25.5 * 32, 21.5 * 32],
    })
    expect(decoded!.mask).toEqual(direct!.mask)
    expect(decoded!.mask).toMatchObject({ widthPx: 1024, heightPx: 1024 })
    expect(decoded!.score).toBe(direct!.score)
  })
})

describe('a SAM 2 of no published size', () => {
  let sam2: Sam2
  let image: Sam2Image
  const picture = {
    widthPx: 60,
    heightPx: 45,
    rgb: Uint8Array.from({ length: 60 * 45 * 3 }, (_, i) => (i * 37) ^ (i >> 5)),
  }
  beforeAll(async () => {
    sam2 = await createSam2({ config: TOY, weights: formulaWeights, session })
    image = await sam2.encodeImage(picture)
  })
  afterAll(() => sam2.close())

  const prompts: Sam2Prompt[] = [
    { pointsXyPx: [10, 12], labels: [1] },
    { pointsXyPx: [10, 12, 40, 30], labels: [1, 0] },
    { pointsXyPx: [33.5, 7], labels: [1] },
    { pointsXyPx: [], labels: [], boxXyxyPx: [5, 5, 30, 40] },
    { pointsXyPx: [], labels: [], boxXyxyPx: [0, 0, 60, 45] },
  ]

  it('answers a crowd of prompts as it answers each, in their order, however small the runs are', async () => {
    const narrow = await createSam2({ config: TOY, weights: formulaWeights, session, maxRunBytes: 1 })
    for (const multimask of [false, true]) {
      const together = await sam2.segmentEach(image, prompts, { multimask })
      const apart = await narrow.segmentEach(image, prompts, { multimask })
      for (const [i, prompt] of prompts.entries()) {
        const alone = await sam2.segment(image, prompt, { multimask })
        expect(alone.length).toBe(multimask ? 3 : 1)
        for (const other of [alone, apart[i]!])
          other.forEach((answer, k) => {
            expect(answer.score).toBeCloseTo(together[i]![k]!.score!, 5)
            expect(answer.mask).toMatchObject({ widthPx: 60, heightPx: 45 })
          })
      }
    }
    await narrow.close()
  })

  it('is steered by a rough mask, and by the answer before', async () => {
    const [first] = await sam2.segment(image, prompts[0]!, { logits: true })
    const [again] = await sam2.segment(
      image,
      { ...prompts[0]!, maskLogits: first!.logits!.data },
      { logits: true },
    )
    expect(again!.logits!.data).not.toEqual(first!.logits!.data)
  })

  it('a mask whose outline hangs on the threshold gives way to the best alternative', async () => {
    const [first] = await sam2.segment(image, prompts[0]!, { logits: true })
    const three = await sam2.segment(image, prompts[0]!, { multimask: true })
    const [chosen] = await sam2.segment(image, prompts[0]!, { stabilityFallback: true })
    const stable = stabilityOf(first!.logits!.data, { centre: 0, by: 0.05 }) >= 0.98
    const best = three.map((answer) => answer.score!).reduce((a, b) => Math.max(a, b))
    expect(chosen!.score).toBe(stable ? first!.score : best)
    expect(stabilityOf(Float32Array.of(-2, -0.5, 0.5, 2), { centre: 0, by: 1 })).toBe(1 / 3)
  })

  it('says what is wrong with prompts, pictures and weights', async () => {
    const bad = (prompt: Sam2Prompt) => sam2.segmentEach(image, [prompts[0]!, prompt])
    await expect(bad({ pointsXyPx: [1], labels: [1] })).rejects.toMatchObject({
      code: 'size-mismatch',
      at: 1,
    })
    await expect(bad({ pointsXyPx: [1, Number.NaN], labels: [1] })).rejects.toMatchObject({
      code: 'out-of-range',
    })
    await expect(bad({ pointsXyPx: [1, 2], labels: [4] })).rejects.toThrow(/the label 4/)
    await expect(bad({ ...prompts[0]!, maskLogits: new Float32Array(9) })).rejects.toMatchObject({
      code: 'size-mismatch',
    })
    await expect(sam2.segment({ ...image, coarse: new Float32Array(3) }, prompts[0]!)).rejects.toMatchObject({
      code: 'wrong-owner',
    })
    const empty = { name: 'x.pt', tensors: new Map(), read: async () => new Float32Array(0) }
    await expect(createSam2({ config: TOY, weights: empty })).rejects.toMatchObject({
      code: 'wrong-weights',
      hint: expect.stringContaining('sam2.1_hiera'),
    })
  })
})
