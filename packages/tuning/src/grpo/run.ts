// A run of learning by reward, from one configuration to a folder with what was learned; stopped and gone on with at any moment.
import { pluginHashes } from '@maskwords/plugins'
import type { RewardCall } from '../reward/rewards.ts'
import { openJudge } from '../reward/rewards.ts'
import { openAnswering } from '../run/answering.ts'
import { openEvaluator } from '../run/evaluate.ts'
import { limitedMessages } from '../run/messages.ts'
import type { LearnOptions, LearnResult } from '../run/run.ts'
import { readSet, trainLearner, withLearner } from '../run/run.ts'
import { openScoring } from '../run/scoring.ts'
import { learnStep } from '../run/step.ts'
import { looker } from '../text/looking.ts'
import { promptSequence } from '../text/sequence.ts'
import type { GrpoConfig } from './config.ts'
import { grpoGraph } from './loss.ts'
import { grpoSource, lossSettings } from './source.ts'

export type GrpoOptions = LearnOptions<GrpoConfig> & {
  /** A reward of one's own instead of the configuration's. */
  readonly reward?: RewardCall
}

/** What the curves show, above and below. */
const CURVES = ['reward', 'rewardDeviation', 'entropy', 'kl', 'clipped', 'cut', 'equalGroups']

/**
 * Learns, or goes on where a run in the same folder was stopped, to the same bits.
 * @throws MaskwordsError, MllmError, LearnError, and what the engine throws: RefusedStep where loss or gradient is no finite number;
 * what was learned before is saved then.
 */
export async function learnGrpo(options: GrpoOptions): Promise<LearnResult> {
  const { config } = options
  const { rollouts, updates, evaluation } = config
  const loss = lossSettings(config)
  const rewards = options.reward ?? config.rewards
  const judge = openJudge({ rewards, timeoutMs: 1000 * config.rewardTimeout })
  try {
    return await withLearner(options, async (run) => {
      const { learner, folder, onLost, signal } = run
      const longest = updates.maxTokens - rollouts.maxTokens
      const set = await readSet(run, config.data, promptSequence, longest)
      const answering = await openAnswering(learner)
      const scoring =
        loss.old || loss.beta > 0
          ? await openScoring(learner, { temperature: rollouts.temperature })
          : undefined
      const evaluator =
        evaluation &&
        openEvaluator(learner, {
          ...evaluation,
          answers: evaluation.answers ?? Number.POSITIVE_INFINITY,
          maxAnswerTokens: rollouts.maxTokens,
          loss: false,
          pack: 1,
          maxTokens: longest,
          set: await readSet(run, evaluation, promptSequence, longest),
          judge,
          answering,
          folder,
          onLost,
          signal,
        })
      const graph = grpoGraph(learner, loss, { temperature: rollouts.temperature })
      try {
        return await trainLearner(run, {
          step: learnStep(learner, {
            loss: graph.loss,
            metrics: graph.metrics,
            optimiser: config.optimiser,
            steps: config.steps,
            accumulate: updates.accumulate,
          }),
          data: grpoSource(learner, {
            config,
            loss,
            set,
            look: looker(learner.eyes, onLost),
            judge,
            answering,
            scoring,
            folder,
            onFault: limitedMessages(run.onMessage),
          }),
          steps: config.steps,
          // A run is not gone on with by other rewards.
          settings: { plugins: pluginHashes().map((sha256) => sha256.slice(0, 16)) },
          curves: { train: CURVES },
          ...(evaluator && { evaluation: { every: evaluation.every, run: evaluator.run } }),
        })
      } finally {
        await evaluator?.close()
        await scoring?.close()
        await answering.close()
      }
    })
  } finally {
    await judge.close()
  }
}
