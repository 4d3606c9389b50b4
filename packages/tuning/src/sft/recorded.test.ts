// Fine-tuning against what transformers 5.24 and torch 2.15 gave (shared/reference/mllm/README.md): from the conversations on, through
// template, labels, batches, loss, gradients and AdamW.
import { buildModel, openSession } from '@maskwords/graph'
import { initialState, openTrainer, weightsOf } from '@maskwords/train'
import { describe, expect, it } from 'vitest'
import type { ChatCase } from '../../../mllm/test/recorded.ts'
import { hasRecorded, largestDifference, recordedJson, recordedTensors } from '../../../mllm/test/recorded.ts'
import { conversationToLearn, RECORDED_MODELS, recordedLearner } from '../../test/recorded-learner.ts'
import { inputNames } from '../model/graph.ts'
import type { Learner } from '../model/learner.ts'
import type { OptimiserSettings } from '../run/settings.ts'
import { learnStep } from '../run/step.ts'
import { rowFeeds } from '../text/feeds.ts'
import type { PackedRow } from '../text/packing.ts'
import { packRow } from '../text/packing.ts'
import { sequenceOf } from '../text/sequence.ts'
import { sftGraph, sftWeights } from './loss.ts'

type Adam = { losses_before_each_step_and_after_the_last: number[] }
type Sft = {
  loss: number
  total_grad_norm: number
  trained_tokens: number
  loss_of_each_conversation: number[]
  conversations: ChatCase['messages'][]
  adamw: Adam
  adamw_vision_frozen?: Adam
}

const ADAMW: OptimiserSettings = {
  learningRate: 1e-3,
  schedule: 'constant',
  endShare: 0,
  warmUp: 0,
  weightDecay: 0.01,
  decays: 'all',
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  clipNorm: null,
}

/** Feeds of some rows for a learner's fine-tuning. */
async function feedsOf(rows: readonly PackedRow[], learner: Learner, tokens: number) {
  const placed = rows.flatMap(({ pictures }) => pictures)
  const looked = new Map(
    await Promise.all(placed.map(async (one) => [one.picture.key, await learner.eyes!.look(one)] as const)),
  )
  const reads = inputNames([sftGraph(learner).loss])
  const feeds = { ...rowFeeds(rows, looked, learner.eyes), ...sftWeights(rows, { tokens, batches: 1 }) }
  return Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name)))
}

describe.skipIf(!hasRecorded)('fine-tuning against recorded values (needs ../shared/reference/mllm)', () => {
  for (const model of RECORDED_MODELS) {
    const recorded = () => recordedJson<Sft>(`golden/${model}.sft.json`)

    it(`${model}: ids and labels from the conversations; loss and log-probability of every token, and packed the same`, async () => {
      const golden = await recordedTensors(`golden/${model}.sft.safetensors`)
      const { conversations, loss, loss_of_each_conversation: each, trained_tokens: tokens } = recorded()
      const learner = await recordedLearner(model)
      const sequences = conversations.map((messages, i) =>
        sequenceOf(conversationToLearn(`${i}`, messages), learner.base),
      )
      const length = golden.whole('labels').length / 2
      const padded = (of: (sequence: (typeof sequences)[number], i: number) => number, fill: number) =>
        sequences.flatMap((sequence) =>
          Array.from({ length }, (_, i) => (i < sequence.ids.length ? of(sequence, i) : fill)),
        )
      expect(padded(({ labelled, ids }, i) => (labelled[i] === 1 ? ids[i]! : -100), -100)).toEqual(
        golden.whole('labels'),
      )
      const mask = golden.whole('attention_mask')
      const ids = golden.whole('input_ids').map((id, i) => (mask[i] === 1 ? id : -1))
      expect(padded((sequence, i) => sequence.ids[i]!, -1)).toEqual(ids)

      const graph = sftGraph(learner)
      const session = await openSession(
        buildModel({ outputs: { loss: graph.loss, logprobs: graph.logprobs }, weights: learner.weights }),
        { worker: false, threads: 2 },
      )
      const wanted = [...golden.floats('token_logprobs')].filter((value) => value !== 0)
      const packings = [
        sequences.map((one) => packRow([one])),
        [packRow(sequences)],
        [packRow([...sequences].reverse())],
      ]
      for (const [which, rows] of packings.entries()) {
        const results = await session.run(await feedsOf(rows, learner, tokens))
        const found = Number(results['loss']!.data[0])
        expect(Math.abs(found / loss - 1)).toBeLessThan(1e-4)
        if (which === 2) continue
        const logprobs = results['logprobs']!.data as Float32Array
        expect(largestDifference(logprobs, wanted)).toBeLessThan(1e-4)
        const sums = [0, 0]
        const counts = [0, 0]
        rows
          .flatMap(({ labels }, r) =>
            [...labels.sequence].map((sequence) => (rows.length === 1 ? sequence : r)),
          )
          .forEach((conversation, i) => {
            sums[conversation]! -= logprobs[i]!
            counts[conversation]!++
          })
        each.forEach((value, i) => {
          expect(Math.abs(sums[i]! / counts[i]! / value - 1)).toBeLessThan(1e-4)
        })
      }
      await session.close()
      await learner.close()
    })

    for (const frozen of model === 'qwen2-micro' ? [false] : [false, true]) {
      it(`${model}: gradient norm and losses of four steps of AdamW${frozen ? ', eyes frozen' : ''}`, async () => {
        const golden = await recordedTensors(`golden/${model}.sft.safetensors`)
        const {
          conversations,
          adamw,
          adamw_vision_frozen,
          trained_tokens: tokens,
          total_grad_norm,
        } = recorded()
        const wanted = frozen ? adamw_vision_frozen! : adamw
        const learner = await recordedLearner(model, frozen ? { frozen: ['eyes'] } : {})
        const sequences = conversations.map((messages, i) =>
          sequenceOf(conversationToLearn(`${i}`, messages), learner.base),
        )
        const feeds = await feedsOf([packRow(sequences)], learner, tokens)
        const step = learnStep(learner, { loss: sftGraph(learner).loss, optimiser: ADAMW, steps: 5 })
        const weights = Object.fromEntries(learner.start)
        const trainer = await openTrainer({
          step,
          from: { state: initialState(step, weights) },
          worker: false,
          threads: 2,
        })
        const losses: number[] = []
        for (let i = 0; i < 4; i++) {
          const { loss, gradientNorm } = await trainer.update(feeds)
          losses.push(loss!)
          if (i === 0 && !frozen) expect(Math.abs(gradientNorm! / total_grad_norm - 1)).toBeLessThan(1e-4)
        }
        const after = weightsOf(await trainer.state())
        if (!frozen) {
          for (const name of golden.names.filter((one) => one.startsWith('after_4_steps.'))) {
            const found = after.get(name.replace('after_4_steps.', ''))!
            const moved = golden.floats(name)
            // A step moves a weight by the rate at most, whatever its gradient: where that is rounding, so is the way.
            expect(largestDifference(found, moved), name).toBeLessThan(
              name.includes('k_proj.bias') ? 8e-3 : 5e-4,
            )
          }
        }
        losses.push((await trainer.update(feeds))['loss']!)
        losses.forEach((loss, i) => {
          const value = wanted.losses_before_each_step_and_after_the_last[i]!
          expect(Math.abs(loss / value - 1), `step ${i}`).toBeLessThan(1e-3)
        })
        await trainer.close()
        await learner.close()
      })
    }
  }
})
