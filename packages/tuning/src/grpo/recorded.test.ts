// The losses of learning by reward against what GRPOTrainer of TRL 1.16 gave, all variants (shared/reference/mllm/README.md).
import type { Tensor } from '@maskwords/graph'
import { buildModel, globalNorm, gradients, multiply, openSession, sqrt, sum } from '@maskwords/graph'
import { parametersOf } from '@maskwords/train'
import { describe, expect, it } from 'vitest'
import type { ChatCase } from '../../../mllm/test/recorded.ts'
import { hasRecorded, largestDifference, recordedJson, recordedTensors } from '../../../mllm/test/recorded.ts'
import { conversationToLearn, RECORDED_MODELS, recordedLearner } from '../../test/recorded-learner.ts'
import { inputNames } from '../model/graph.ts'
import { rowFeeds } from '../text/feeds.ts'
import { packRow, withAnswer } from '../text/packing.ts'
import { promptSequence } from '../text/sequence.ts'
import type { GrpoLossSettings } from './loss.ts'
import { grpoFeeds, grpoGraph } from './loss.ts'

type Variant = {
  loss_type: GrpoLossSettings['kind']
  beta: number
  old: 'given' | 'none'
  importance_sampling_level: 'token' | 'sequence'
  use_bias_correction_kl: boolean
  loss: number
  total_grad_norm: number
  grad_norms?: Record<string, number>
}
type Grpo = {
  prompts: ChatCase['messages'][]
  epsilon: number
  max_completion_length: number
  clipped_tokens: number
  variants: Record<string, Variant>
}

/** Everything of a rollout that the values were recorded with. */
async function recordedRollout(model: string) {
  const recorded = recordedJson<Grpo>(`golden/${model}.grpo.json`)
  const golden = await recordedTensors(`golden/${model}.grpo.safetensors`)
  const learner = await recordedLearner(model)
  const mask = golden.whole('completion_mask')
  const width = mask.length / 4
  const cut = <T>(values: ArrayLike<T>, row: number): T[] =>
    Array.from({ length: width }, (_, i) => row * width + i)
      .filter((at) => mask[at] === 1)
      .map((at) => values[at]!)
  const prompts = recorded.prompts.map((messages, i) =>
    promptSequence(conversationToLearn(`${i}`, messages), learner.base),
  )
  const answers = prompts.map((prompt, i) => withAnswer(prompt, cut(golden.whole('completion_ids'), i)))
  const rows = [packRow(answers.slice(0, 2)), packRow(answers.slice(2))]
  const placed = rows.flatMap(({ pictures }) => pictures)
  const looked = new Map(
    await Promise.all(placed.map(async (one) => [one.picture.key, await learner.eyes!.look(one)] as const)),
  )
  return { recorded, golden, learner, prompts, rows, looked, cut, tokens: mask.reduce((a, b) => a + b, 0) }
}

describe.skipIf(!hasRecorded)(
  'learning by reward against recorded values (needs ../shared/reference/mllm)',
  () => {
    for (const model of RECORDED_MODELS) {
      const eyes = model !== 'qwen2-micro'
      it(`${model}: loss and norm of the gradient of every variant, the prompt once for both of its answers`, async () => {
        const { recorded, golden, learner, prompts, rows, looked, cut, tokens } = await recordedRollout(model)
        const promptMask = golden.whole('prompt_mask')
        const promptIds = golden.whole('prompt_ids').filter((_, i) => promptMask[i] === 1)
        expect(prompts.flatMap(({ ids }) => [...ids])).toEqual(promptIds)
        const all = (values: ArrayLike<number>) => [0, 1, 2, 3].flatMap((row) => cut(values, row))

        // With eyes, what is said now is fed as what was said then where nothing else is: the same loss by fewer graphs.
        const settingsOf = (variant: Variant): GrpoLossSettings => ({
          kind: variant.loss_type,
          level: variant.importance_sampling_level,
          epsilon: recorded.epsilon,
          epsilonHigh: recorded.epsilon,
          beta: variant.beta,
          klCorrection: variant.use_bias_correction_kl,
          old: eyes || variant.old === 'given',
        })
        let own: Float32Array | undefined
        const feedsOf = (variant: Variant) => {
          const given = golden.floats('old_per_token_logps')
          const before = [0, 1, 2, 3].map((i) => cut(golden.whole('completion_mask'), i).length)
          const startOf = (i: number) => before.slice(0, i).reduce((a, b) => a + b, 0)
          const judged = [0, 2].map((first) =>
            [first, first + 1].map((i) => ({
              advantage: golden.floats('advantages')[i]!,
              counts: true,
              old:
                variant.old === 'given' ? cut(given, i) : own?.subarray(startOf(i), startOf(i) + before[i]!),
              reference: cut(golden.floats('ref_per_token_logps'), i),
              tokens: before[i]!,
            })),
          )
          const sizes = { batches: 1, answers: 4, batchTokens: tokens, updateTokens: tokens }
          return {
            ...rowFeeds(rows, looked, learner.eyes),
            ...grpoFeeds(rows, judged, settingsOf(variant), {
              ...sizes,
              maxTokens: recorded.max_completion_length,
            }),
          }
        }

        const open = async (first: Variant) => {
          const { loss, metrics, logprobs } = grpoGraph(learner, settingsOf(first))
          const parameters = parametersOf(loss)
          const found = gradients(loss, parameters)
          const outputs: Record<string, Tensor> = { loss, logprobs, ...metrics, norm: globalNorm(found) }
          parameters.forEach(({ node }, i) => {
            const name = (node.leaf as { name: string }).name
            outputs[`norm ${name}`] = sqrt(sum(multiply(found[i]!, found[i]!)))
          })
          const model = buildModel({ outputs, weights: learner.weights })
          const session = await openSession(model, { worker: false, threads: 2, optimisation: 'basic' })
          return { session, reads: inputNames([loss, ...Object.values(metrics)]) }
        }
        const graphs = new Map<string, ReturnType<typeof open>>()

        const variants = Object.entries(recorded.variants).sort(([, a], [, b]) =>
          a.old < b.old ? -1 : a.old > b.old ? 1 : 0,
        )
        expect(variants.length).toBe(24)
        for (const [name, variant] of variants) {
          const { level, beta, klCorrection, old } = settingsOf(variant)
          const key = JSON.stringify([level, beta, beta > 0 && klCorrection, old])
          if (!graphs.has(key)) graphs.set(key, open(variant))
          const { session, reads } = await graphs.get(key)!
          const feeds = Object.entries(feedsOf(variant)).filter(([input]) => reads.has(input))
          const results = await session.run(Object.fromEntries(feeds))
          const numbers = (output: string) => results[output]!.data as Float32Array
          own ??= numbers('logprobs')
          expect(Math.abs(numbers('loss')[0]! - variant.loss), name).toBeLessThan(1e-5)
          expect(Math.abs(numbers('norm')[0]! / variant.total_grad_norm - 1), name).toBeLessThan(1e-4)
          for (const [weight, norm] of Object.entries(variant.grad_norms ?? {})) {
            // Keys' biases move no score: their gradient is rounding.
            const away = Math.abs(numbers(`norm ${weight}`)[0]! - norm)
            expect(away, `${name} ${weight}`).toBeLessThan(1e-4 * norm + 2e-5)
          }
          expect(largestDifference(numbers('logprobs'), all(golden.floats('per_token_logps')))).toBeLessThan(
            1e-4,
          )
          const entropies = all(golden.floats('entropies'))
          expect(numbers('entropy')[0]!).toBeCloseTo(entropies.reduce((a, b) => a + b, 0) / tokens, 4)
          if (variant.old === 'given' && level === 'token') {
            expect(Math.round(numbers('clipped')[0]! * tokens), name).toBe(recorded.clipped_tokens)
          }
        }
        for (const graph of graphs.values()) await (await graph).session.close()
        await learner.close()
      }, 240_000)
    }
  },
)
