// Settings that change how a run computes, not what: how batches are cut and padded, layers that are computed again, weights that stay.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openCheckpointFile } from '@maskwords/checkpoint'
import { buildModel, gradients } from '@maskwords/graph'
import { parametersOf } from '@maskwords/train'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { letterRows, pictureRows, toyModel, writePictures, writeRows } from '../../test/toy.ts'
import { grpoConfigSchema } from '../grpo/config.ts'
import { learnGrpo } from '../grpo/run.ts'
import { openBaseModel } from '../model/base.ts'
import { openLearner } from '../model/learner.ts'
import type { RewardCall } from '../reward/rewards.ts'
import { sftConfigSchema } from '../sft/config.ts'
import { sftGraph } from '../sft/loss.ts'
import { learnSft } from '../sft/run.ts'
import type { LearnOptions, LearnResult } from './run.ts'
import { checkConfig } from './settings.ts'

const root = mkdtempSync(join(tmpdir(), 'maskwords-same-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let vision = ''
let common = {}
beforeAll(async () => {
  vision = await toyModel(root, { kind: 'qwen3-vl' })
  writePictures(root)
  // Long and short ones, with pictures and without: rows of a batch are padded, and batches differ in length.
  const rows = [...pictureRows(2), ...letterRows(2)]
  common = {
    model: vision,
    data: { files: [writeRows(join(root, 'rows.jsonl'), rows)] },
    steps: 3,
    optimiser: { learningRate: 1e-4, schedule: 'constant' },
  }
})

type Learned = { losses: number[]; norms: number[]; folder: string }
let made = 0
async function learned(
  learn: (options: Omit<LearnOptions<never>, 'config'>) => Promise<LearnResult>,
): Promise<Learned> {
  const [losses, norms]: [number[], number[]] = [[], []]
  const { model, adapter } = await learn({
    folder: join(root, `run-${made++}`),
    threads: 1,
    worker: false,
    signal: new AbortController().signal,
    onMessage: () => {},
    onProgress: ({ metrics }) => {
      losses.push(metrics['loss']!)
      norms.push(metrics['gradientNorm']!)
    },
  })
  return { losses, norms, folder: (adapter ?? model)! }
}

const place = { file: 'test.json', folder: root }
/** All eight conversations in each update. */
const sft = (more: object = {}) =>
  learned((options) => {
    const json = { kind: 'sft', batch: { conversations: 8 }, ...common, ...more }
    return learnSft({ ...options, config: checkConfig(json, sftConfigSchema, place) })
  })
const grpo = (more: object = {}) =>
  learned((options) => {
    const rollouts = { prompts: 4, answers: 3, maxTokens: 5 }
    const json = { kind: 'grpo', rollouts, updates: { perRollout: 2 }, ...common, ...more }
    const reward: RewardCall = ({ response }) => (response!.codePointAt(0) ?? 0) / 1000
    return learnGrpo({ ...options, config: checkConfig(json, grpoConfigSchema, place), reward })
  })

/** Largest distance of losses and norms, beside their size. */
function apart(found: Learned, wanted: Learned): number {
  const numbers = ({ losses, norms }: Learned) => [...losses, ...norms]
  return Math.max(
    ...numbers(wanted).map((value, i) => Math.abs(numbers(found)[i]! - value) / Math.abs(value)),
  )
}

const LORA = { rank: 4, alpha: 8, eyes: true, targets: ['q_proj', 'down_proj', 'qkv'] }

describe('the same losses and norms of the gradient over three updates', () => {
  let whole: Learned
  beforeAll(async () => {
    whole = await sft()
    expect(whole.losses[2]).toBeLessThan(whole.losses[0]! - 0.5)
  })

  it.each([
    ['two batches an update', { conversations: 4, accumulate: 2 }],
    ['every question in a row of its own', { conversations: 8, pack: 1 }],
    ['four batches of like lengths, nothing packed', { conversations: 2, accumulate: 4, pack: 1 }],
  ])('%s', async (_, batch) => {
    expect(apart(await sft({ batch }), whole)).toBeLessThan(3e-6)
  })

  it('layers computed again on the way back: all weights, adapters, by reward', async () => {
    expect(apart(await sft({ recompute: true }), whole)).toBeLessThan(3e-6)
    const adapted = await sft({ lora: LORA })
    expect(apart(await sft({ lora: LORA, recompute: true }), adapted)).toBeLessThan(3e-6)
    expect(apart(adapted, whole)).toBeGreaterThan(0.1)
    const judged = await grpo()
    expect(apart(await grpo({ recompute: true }), judged)).toBeLessThan(1e-4)
    // That there is more to compute is seen in the graph.
    const products = async (recompute: boolean) => {
      const learner = await openLearner(await openBaseModel(vision), { seed: 0, recompute })
      const { loss } = sftGraph(learner)
      const found = gradients(loss, parametersOf(loss)).map((tensor, i) => [`${i}`, tensor] as const)
      const { onnx } = buildModel({ outputs: Object.fromEntries(found), weights: learner.weights })
      await learner.close()
      return Buffer.from(onnx).toString('latin1').split('MatMul').length
    }
    expect(await products(true)).toBeGreaterThan((await products(false)) + 14)
  })
})

it('what is frozen keeps its bits, what is not moves', async () => {
  const weightsOf = async (folder: string) => {
    const checkpoint = await openCheckpointFile(folder)
    const read = [...checkpoint.tensors.keys()].map(
      async (name) => [name, (await checkpoint.read(name, { as: 'bytes' })) as Uint8Array] as const,
    )
    const weights = new Map(await Promise.all(read))
    await checkpoint.close()
    return weights
  }
  const first = await weightsOf(vision)
  const whole = await sft({ steps: 1 })
  const moved = await weightsOf(whole.folder)
  const norms: number[] = []
  for (const [frozen, still] of [
    ['eyes', /^model\.visual\./],
    ['model.language_model.*', /^model\.language_model\./],
  ] as const) {
    const run = await sft({ steps: 1, frozen: [frozen] })
    expect(run.losses[0]! / whole.losses[0]!).toBeCloseTo(1, 6)
    norms.push(run.norms[0]!)
    for (const [name, bytes] of await weightsOf(run.folder)) {
      // Some weights move nothing that is learned here, whether they may or not.
      const before = Buffer.from(first.get(name)!)
      const stays = still.test(name) || before.equals(Buffer.from(moved.get(name)!))
      expect([name, before.equals(Buffer.from(bytes))]).toEqual([name, stays])
    }
  }
  // Both halves of the gradient make up the whole.
  expect(Math.hypot(...norms) / whole.norms[0]!).toBeCloseTo(1, 5)
})
