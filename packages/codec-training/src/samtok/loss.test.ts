import { type Checkpoint, openCheckpointFile } from '@maskwords/checkpoint'
import {
  buildModel,
  gradients,
  input,
  openSession,
  type Tensor,
  topologicalOrder,
  type Value,
} from '@maskwords/graph'
import { maskFromRowMajor, resizeNearest } from '@maskwords/mask'
import { normalisedPixels, SAM2_CONFIGS, sam2ImageEncoder } from '@maskwords/models'
import { adamW, buildTrainStep, openTrainer, type TrainState } from '@maskwords/train'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { recorded as recordedFile } from '../../../../scripts/recorded.ts'
import { SAMTOK_PREFIX, type SamtokConfig } from '../../../codecs/src/samtok/config.ts'
import { writeMaskPrompt } from '../../../codecs/src/samtok/raster.ts'
import { recordedPicture } from '../../../codecs/test/recorded-picture.ts'
import { formulaWeights } from '../../../graph/test/formula-weights.ts'
import { samtokLoss } from './loss.ts'

const MICRO: SamtokConfig = {
  sam2: {
    ...SAM2_CONFIGS.large,
    trunk: {
      embedDim: 24,
      heads: 1,
      stages: [1, 2, 4, 1],
      globalBlocks: [4, 6],
      windows: [8, 4, 14, 7],
      background: [7, 7],
      poolings: 3,
    },
  },
  codesPerLevel: 256,
  levels: 2,
}
const TRAINED = /sam_mask_encoder|sam_mask_decoder/
/** Frozen in the release although they belong to the decoder. */
const HEADS = /iou_prediction_head|pred_obj_score_head/

describe('one recorded training batch of the published SAMTok code', () => {
  let golden: Checkpoint
  let recorded: Checkpoint
  const tables = new Map<string, Float32Array>()
  const weights = (key: string, shape: readonly number[]): Float32Array =>
    tables.get(key) ?? formulaWeights(key, shape)
  const feeds: Record<string, { data: Float32Array | Uint8Array; shape: number[] }> = {}
  const value = async (name: string): Promise<Float32Array> => recorded.read(name, { as: 'float32' })

  /** From pixels to the loss: the decoder's 1 x 1 convolutions on the picture's side are trained, too. */
  const graph = () => {
    const pixels = input('pixels', 'uint8', [1, 1024, 1024, 3])
    const features = sam2ImageEncoder(normalisedPixels(pixels), MICRO.sam2, SAMTOK_PREFIX)
    return samtokLoss({ config: MICRO, features, weights: { commitment: 0.25 } })
  }

  beforeAll(async () => {
    golden = await openCheckpointFile(recordedFile('samtok-micro.golden.safetensors'))
    recorded = await openCheckpointFile(recordedFile('samtok-micro-training.golden.safetensors'))
    for (const level of [0, 1]) {
      const key = `quantizer.codebooks.${level}.weight`
      tables.set(key, await golden.read(key, { as: 'float32' }))
    }
    const prompts = new Float32Array(3 * 65536)
    const targets = new Float32Array(3 * 65536)
    for (let m = 0; m < 3; m++) {
      const bytes = Uint8Array.from(await golden.read(`mask_${m}`, { as: 'float32' }))
      writeMaskPrompt(maskFromRowMajor({ widthPx: 480, heightPx: 360, bytes }), 256, prompts, m * 65536)
      const near = resizeNearest(
        { widthPx: 480, heightPx: 360, values: bytes },
        { widthPx: 256, heightPx: 256 },
      )
      targets.set(Float32Array.from(near.values), m * 65536)
    }
    feeds['masks'] = { data: prompts, shape: [3, 256, 256] }
    feeds['targets'] = { data: targets, shape: [3, 256, 256] }
    const shares = (await golden.read('boxes', { as: 'float32' })).slice(0, 12)
    feeds['boxes'] = { data: shares.map((share) => Math.fround(share * 1024)), shape: [3, 4] }
    feeds['pixels'] = { data: recordedPicture().rgb, shape: [1, 1024, 1024, 3] }
  })
  afterAll(async () => {
    await golden.close()
    await recorded.close()
  })

  it('has the same loss and parts to 1e-4 and the same 202 gradient norms to 1 %', async () => {
    const loss = graph()
    const slopes = gradientsOf(loss.total, (name) => TRAINED.test(name) && !HEADS.test(name))
    const outputs: Record<string, Tensor> = {
      total: loss.total,
      reconstruction: loss.reconstruction,
      commitment: loss.quantised.commitment,
      codes: loss.quantised.codes,
    }
    for (const [name, slope] of slopes) outputs[`norm.${name}`] = slope.mul(slope).sum().pow(0.5)
    const out = await runOnce(outputs, weights)
    const scalar = (name: string): number => Number(out[name]!.data[0])

    expect(Array.from(out['codes']!.data, Number)).toEqual(Array.from(await value('codes')))
    expect(scalar('total') / (await value('loss'))[0]!).toBeCloseTo(1, 4)
    expect(scalar('reconstruction') / (await value('loss_recon'))[0]!).toBeCloseTo(1, 4)
    expect((scalar('commitment') * 0.25) / (await value('loss_quant'))[0]!).toBeCloseTo(1, 4)

    const norms = JSON.parse(recorded.metadata.get('grad_norms')!) as Record<string, number>
    expect(Object.keys(norms)).toHaveLength(202)
    const off = Object.entries(norms).filter(([key, norm]) => {
      const ours = slopes.has(key) ? scalar(`norm.${key}`) : 0
      // A bias of keys cancels in the softmax: its gradient is zero, and what is recorded of it (below 1e-6) is rounding.
      return Math.abs(ours - norm) > 0.01 * norm + 1e-6
    })
    expect(off).toEqual([])
  })

  it('goes down the same four steps of AdamW to 1e-3, and the five whole gradients of the fourth are the same to 1e-3', async () => {
    const step = buildTrainStep({
      loss: graph().total,
      optimiser: adamW({ learningRate: 4e-5, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.05 }),
      frozen: [/^(?!.*(sam_mask_encoder|sam_mask_decoder))/, HEADS],
      weights,
    })
    const trainer = await openTrainer({ step, from: { weights }, worker: false, threads: 1 })
    const losses = await value('adamw_losses')
    for (const [at, wanted] of losses.entries()) {
      if (at === losses.length - 1) await sameWholeGradients(await trainer.state())
      expect((await trainer.update(feeds))['loss']! / wanted).toBeCloseTo(1, 3)
    }
    await trainer.close()
  })

  /** Compares the recorded gradients with those at a state; they were recorded in the step after it. */
  const sameWholeGradients = async (state: TrainState): Promise<void> => {
    const names = [...recorded.tensors.keys()].filter((name) => name.startsWith('grad.'))
    expect(names).toHaveLength(5)
    const slopes = gradientsOf(graph().total, (name) => names.includes(`grad.${name}`))
    const out = await runOnce(
      Object.fromEntries([...slopes].map(([name, slope]) => [`grad.${name}`, slope])),
      (key, shape) => state.tensors.get(`weight/${key}`)?.data ?? weights(key, shape),
    )
    for (const name of names) {
      const wanted = await value(name)
      const ours = out[name]!.data as Float32Array
      let gap = 0
      let size = 0
      for (let i = 0; i < wanted.length; i++) {
        gap += (ours[i]! - wanted[i]!) ** 2
        size += wanted[i]! ** 2
      }
      expect(Math.sqrt(gap / size), name).toBeLessThan(1e-3)
    }
  }

  const runOnce = async (
    outputs: Record<string, Tensor>,
    from: typeof weights,
  ): Promise<Record<string, Value>> => {
    const session = await openSession(buildModel({ outputs, weights: from }), { worker: false, threads: 1 })
    try {
      return await session.run(feeds)
    } finally {
      await session.close()
    }
  }
})

/** Gradients of the parameters whose name passes, by name. */
function gradientsOf(loss: Tensor, passes: (name: string) => boolean): Map<string, Tensor> {
  const leaves = topologicalOrder([loss]).flatMap((node) =>
    node.leaf?.kind === 'parameter' && passes(node.leaf.name)
      ? [{ name: node.leaf.name, tensor: node.outputs[0]! }]
      : [],
  )
  const slopes = gradients(
    loss,
    leaves.map(({ tensor }) => tensor),
  )
  return new Map(leaves.map(({ name }, i) => [name, slopes[i]!]))
}
