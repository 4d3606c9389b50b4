// A run of fine-tuning, from one configuration to a folder with what was learned; stopped and gone on with at any moment.

import type { TrainProgress } from '@maskwords/train'
import { RefusedStep, train, weightsOf } from '@maskwords/train'
import { openBaseModel } from '../model/base.ts'
import type { Learner } from '../model/learner.ts'
import { openLearner } from '../model/learner.ts'
import type { LearnedFolders } from '../model/write.ts'
import { writeLearned } from '../model/write.ts'
import { openEvaluator } from '../run/evaluate.ts'
import { keepConfig, writeCurves } from '../run/folder.ts'
import { limitedMessages } from '../run/messages.ts'
import type { DataSettings } from '../run/settings.ts'
import { learnStep } from '../run/step.ts'
import type { BatchPlan } from '../text/plan.ts'
import { batchPlan } from '../text/plan.ts'
import { readConversations } from '../text/read-conversations.ts'
import { sequenceOf } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import { tokenisedSet } from '../text/source.ts'
import { sftBatches } from './batches.ts'
import type { SftConfig } from './config.ts'
import { sftGraph } from './loss.ts'

export type LearnOptions<Config> = {
  readonly config: Config
  /** Where checkpoints, metrics, answers and the model go. */
  readonly folder: string
  readonly threads: number
  /** Networks run in threads of their own. Default true. */
  readonly worker?: boolean
  /** Finishes the update under way, saves, and returns. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: TrainProgress) => void
  readonly onMessage: (text: string) => void
}

export type LearnResult = LearnedFolders & {
  readonly finished: boolean
  readonly step: number
  readonly steps: number
  readonly curves: string | undefined
}

/**
 * Learns, or goes on where a run in the same folder was stopped, to the same bits.
 * @throws MaskwordsError, MllmError, and what the engine throws: RefusedStep where loss or gradient is no finite number; what was
 * learned before is saved then.
 */
export async function learnSft(options: LearnOptions<SftConfig>): Promise<LearnResult> {
  const { config, folder, threads, worker = true, signal } = options
  await keepConfig(folder, config, signal)
  const base = await openBaseModel(config.model)
  const learner = await openLearner(base, {
    seed: config.seed,
    lora: config.lora,
    startFrom: config.lora?.from,
    frozen: config.frozen,
    recompute: config.recompute,
    cacheBytes: config.cacheMiB * 2 ** 20,
    session: { threads, worker },
  })
  try {
    return await learn(options, learner)
  } finally {
    await learner.close()
  }
}

async function learn(options: LearnOptions<SftConfig>, learner: Learner): Promise<LearnResult> {
  const { config, folder, signal, onMessage } = options
  const { batch } = config
  const onLost = limitedMessages(onMessage)
  const read = async (data: DataSettings): Promise<TokenisedSet> =>
    tokenisedSet(await readConversations(data.files, { ...data, signal }), sequenceOf, {
      model: learner.base,
      maxTokens: batch.maxTokens,
      onLost: ({ id, at }, why) => onLost(`left out "${id}" (${at}): ${why}`),
      signal,
    })
  const set = await read(config.data)
  const plan = batchPlan(set.items, { ...batch, seed: config.seed })
  const steps = stepsOf(config, plan)
  const { evaluation } = config
  const evaluator =
    evaluation &&
    openEvaluator(learner, {
      ...evaluation,
      ...batch,
      set: await read(evaluation),
      folder,
      onLost,
      signal,
    })
  const source = { rows: (index: number) => plan.batch(index).map((row) => row.map(set.sequence)) }
  const step = learnStep(learner, {
    loss: sftGraph(learner).loss,
    optimiser: config.optimiser,
    steps,
    accumulate: batch.accumulate,
  })
  try {
    const result = await train({
      step,
      weights: learner.start,
      data: sftBatches(learner, source, { accumulate: batch.accumulate, onLost }),
      steps,
      folder,
      session: learner.settings.session!,
      saveEvery: config.saveEvery,
      logEvery: config.logEvery,
      settings: JSON.parse(JSON.stringify({ config, model: learner.base.fingerprint })),
      signal,
      onProgress: options.onProgress,
      onMessage,
      ...(evaluator && { evaluation: { every: evaluation!.every, run: evaluator.run } }),
    })
    const learned = await writeLearned(folder, learner, weightsOf(result.state), {
      storedAs: config.output.type,
      merge: config.output.merge,
      signal: new AbortController().signal,
    })
    const curves = await writeCurves(folder, { title: config.name })
    return { finished: result.finished, step: result.step, steps, curves, ...learned }
  } catch (error) {
    throw error instanceof RefusedStep ? withConversations(error, plan, set, batch.accumulate) : error
  } finally {
    await evaluator?.close()
  }
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
