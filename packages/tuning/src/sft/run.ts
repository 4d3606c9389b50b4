// A run of fine-tuning, from one configuration to a folder with what was learned; stopped and gone on with at any moment.
import { RefusedStep } from '@maskwords/train'
import { openJudge } from '../reward/rewards.ts'
import { openEvaluator } from '../run/evaluate.ts'
import type { LearnOptions, LearnResult } from '../run/run.ts'
import { readSet, trainLearner, withLearner } from '../run/run.ts'
import { learnStep } from '../run/step.ts'
import type { BatchPlan } from '../text/plan.ts'
import { batchPlan } from '../text/plan.ts'
import { sequenceOf } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import { sftBatches } from './batches.ts'
import type { SftConfig } from './config.ts'
import { sftGraph } from './loss.ts'

/**
 * Learns, or goes on where a run in the same folder was stopped, to the same bits.
 * @throws MaskwordsError, MllmError, and what the engine throws: RefusedStep where loss or gradient is no finite number; what was
 * learned before is saved then.
 */
export async function learnSft(options: LearnOptions<SftConfig>): Promise<LearnResult> {
  return withLearner(options, async (run) => {
    const { config, learner, folder, onLost, signal } = run
    const { batch, evaluation } = config
    const set = await readSet(run, config.data, sequenceOf, batch.maxTokens)
    const plan = batchPlan(set.items, { ...batch, seed: config.seed })
    const steps = stepsOf(config, plan)
    const judge =
      evaluation?.rewards &&
      openJudge({ rewards: evaluation.rewards, timeoutMs: 1000 * evaluation.rewardTimeout })
    const evaluator =
      evaluation &&
      openEvaluator(learner, {
        ...evaluation,
        ...batch,
        loss: true,
        set: await readSet(run, evaluation, sequenceOf, batch.maxTokens),
        judge,
        folder,
        onLost,
        signal,
      })
    const source = { rows: (index: number) => plan.batch(index).map((row) => row.map(set.sequence)) }
    try {
      return await trainLearner(run, {
        step: learnStep(learner, {
          loss: sftGraph(learner).loss,
          optimiser: config.optimiser,
          steps,
          accumulate: batch.accumulate,
        }),
        data: sftBatches(learner, source, { accumulate: batch.accumulate, onLost }),
        steps,
        curves: {},
        ...(evaluator && { evaluation: { every: evaluation.every, run: evaluator.run } }),
      })
    } catch (error) {
      throw error instanceof RefusedStep ? withConversations(error, plan, set, batch.accumulate) : error
    } finally {
      await evaluator?.close()
      await judge?.close()
    }
  })
}

function stepsOf({ steps, epochs, batch }: SftConfig, plan: BatchPlan): number {
  if (steps !== undefined) return steps
  const whole = Math.floor(epochs!)
  const rest = Math.ceil((epochs! - whole) * (plan.batchesOf(whole + 1) - plan.batchesOf(whole)))
  return Math.max(1, Math.ceil((plan.batchesOf(whole) + rest) / batch.accumulate))
}

/** Conversations that a refused step names, at most. */
const NAMED = 8

/** The error of a refused step with the conversations that it was made of. */
function withConversations(
  error: RefusedStep,
  plan: BatchPlan,
  set: TokenisedSet,
  accumulate: number,
): Error {
  const first = (error.step - 1) * accumulate
  const numbers = Array.from({ length: accumulate }, (_, i) => plan.batch(first + i).flat()).flat()
  const named = numbers.slice(0, NAMED).map((number) => set.conversations[number]!.at)
  const more = numbers.length > NAMED ? ` and ${numbers.length - NAMED} more` : ''
  return error.withHint(`${error.hint}; it was made of ${named.join('; ')}${more}`)
}
