import { buildModel, openSession } from '@maskwords/graph'
import { adamW, buildTrainStep, openTrainer } from '@maskwords/train'
import { describe, expect, it } from 'vitest'
import type { HimtokConfig } from '../../../codecs/src/himtok/config.ts'
import { blurTarget, levelSigmaPx } from '../../../codecs/src/himtok/hierarchy.ts'
import { formulaUnits, formulaWeights } from '../../../graph/test/formula-weights.ts'
import { HIMTOK_LOSS_WEIGHTS, himtokLoss } from './loss.ts'

const SIDE = 32
const CONFIG: HimtokConfig = {
  profile: 'clean',
  sizePx: SIDE,
  patchPx: 4,
  latents: 4,
  codebookSize: 64,
  codeSize: 6,
  encoder: { width: 32, layers: 2, heads: 2 },
  decoder: { width: 32, layers: 2, heads: 2 },
  pixelDecoder: { inputChannels: 32, channels: 32, multipliers: [1, 1, 1], blocks: 1, outputChannels: 1 },
  mlpRatio: 2,
}
const LEVELS = [4, 1, 2]

/** Discs of seeded place and size. */
function discs(seed: string, count: number): Float32Array {
  const u = formulaUnits(seed, count * 3)
  const out = new Float32Array(count * SIDE * SIDE)
  for (let m = 0; m < count; m++) {
    const [x, y, r] = [16 + 8 * u[3 * m]!, 16 + 8 * u[3 * m + 1]!, 7 + 3 * u[3 * m + 2]!]
    for (let i = 0; i < SIDE * SIDE; i++)
      if (((i % SIDE) - x) ** 2 + (Math.floor(i / SIDE) - y) ** 2 < r * r) out[m * SIDE * SIDE + i] = 1
  }
  return out
}

function feedsOf(masks: Float32Array) {
  const count = masks.length / (SIDE * SIDE)
  const targets = new Float32Array(LEVELS.length * masks.length)
  const present = new Float32Array(LEVELS.length * count * 4)
  LEVELS.forEach((tokens, level) => {
    const sigma = tokens === 4 ? 0 : levelSigmaPx(tokens, SIDE)
    for (let m = 0; m < count; m++) {
      const square = masks.subarray(m * SIDE * SIDE, (m + 1) * SIDE * SIDE)
      targets.set(blurTarget(square, SIDE, sigma), (level * count + m) * SIDE * SIDE)
      present.fill(1, (level * count + m) * 4, (level * count + m) * 4 + tokens)
    }
  })
  return {
    masks: { data: masks, shape: [count, SIDE, SIDE] },
    targets: { data: targets, shape: [LEVELS.length, count, SIDE, SIDE] },
    present: { data: present, shape: [LEVELS.length, count, 4] },
  }
}

describe('the loss of a HiMTok', () => {
  it('is the sum over levels of cross-entropy and a quarter of Dice over all pixels, plus the quantiser', async () => {
    const loss = himtokLoss({ config: CONFIG, levels: 3 })
    const { total, bce, dice, commitment, codebook, logits } = loss
    const model = buildModel({
      outputs: { total, bce, dice, commitment, codebook, logits },
      weights: formulaWeights,
    })
    const session = await openSession(model, { worker: false, threads: 1 })
    const feeds = feedsOf(discs('some', 2))
    const out = await session.run(feeds)
    await session.close()
    const number = (name: string): number => Number(out[name]!.data[0])
    const x = out['logits']!.data as Float32Array
    const t = feeds.targets.data
    let cross = 0
    let plainDice = 0
    for (let level = 0; level < 3; level++) {
      const [from, to] = [(level * t.length) / 3, ((level + 1) * t.length) / 3]
      let [both, all] = [0, 0]
      for (let i = from; i < to; i++) {
        const p = 1 / (1 + Math.exp(-x[i]!))
        cross -= (t[i]! * Math.log(p) + (1 - t[i]!) * Math.log(1 - p)) / t.length
        both += p * t[i]!
        all += p + t[i]!
      }
      plainDice += (1 - (2 * both + 1e-6) / (all + 1e-6)) / 3
    }
    expect(number('bce')).toBeCloseTo(cross, 4)
    expect(number('dice')).toBeCloseTo(plainDice, 4)
    const { bce: wb, dice: wd, commitment: wm, codebook: wc } = HIMTOK_LOSS_WEIGHTS
    const sum =
      3 * (wb * number('bce') + wd * number('dice')) + wm * number('commitment') + wc * number('codebook')
    expect(number('total')).toBeCloseTo(sum, 4)
  })

  it('falls on discs that were never trained on: to less than four fifths in 20 steps', async () => {
    const small = (key: string, shape: readonly number[]): Float32Array =>
      formulaWeights(key, shape).map((value) => (shape.length > 1 ? value * 0.5 : value))
    const loss = himtokLoss({ config: CONFIG, levels: 3 })
    const step = buildTrainStep({
      loss: loss.total,
      optimiser: adamW({ learningRate: 2e-3, weightDecay: 0 }),
      clipNorm: 1,
      weights: small,
    })
    const trainer = await openTrainer({ step, from: { weights: small }, worker: false, threads: 1 })
    for (let i = 0; i < 20; i++) await trainer.update(feedsOf(discs(`train ${i}`, 6)))
    const state = await trainer.state()
    await trainer.close()

    const heldOut = async (weights: typeof small): Promise<number> => {
      const { bce, dice } = himtokLoss({ config: CONFIG, levels: 3 })
      const session = await openSession(buildModel({ outputs: { mask: bce.add(dice.mul(0.25)) }, weights }), {
        worker: false,
        threads: 1,
      })
      const out = await session.run(feedsOf(discs('held out', 12)))
      await session.close()
      return Number(out['mask']!.data[0])
    }
    const before = await heldOut(small)
    const after = await heldOut((key, shape) => state.tensors.get(`weight/${key}`)?.data ?? small(key, shape))
    expect(after).toBeLessThan(0.8 * before)
  })
})
