// One rollout: questions, several answers to each by the weights of the moment, what they are worth, and how they stand in their group.

import { MaskwordsError } from '@maskwords/files'
import { groupedAdvantages } from '@maskwords/learn'
import { MllmError } from '@maskwords/mllm'
import type { AnswerJudge } from '../reward/judgement.ts'
import { rewardSample } from '../reward/reward-sample.ts'
import type { Answering } from '../run/answering.ts'
import type { Looker } from '../text/looking.ts'
import type { TokenisedSet } from '../text/source.ts'
import type { GrpoConfig } from './config.ts'

/** One answer; as JSON, because it is saved with checkpoints. */
export type ExperiencedAnswer = {
  readonly ids: readonly number[]
  readonly finish: 'stop' | 'length'
  readonly text: string
  /** null where the reward could not be had. */
  readonly reward: number | null
  readonly parts: Readonly<Record<string, number>>
  readonly fault?: string
  readonly advantage: number
  /** Log-probabilities of its tokens when it was made, and by the reference. */
  readonly old?: readonly number[]
  readonly reference?: readonly number[]
}

export type Experience = {
  /** Number of the rollout, from 0. */
  readonly rollout: number
  /** Numbers of the questions' conversations. */
  readonly prompts: readonly number[]
  /** [prompts][answers]. */
  readonly answers: readonly (readonly ExperiencedAnswer[])[]
}

export type RolloutContext = {
  readonly config: GrpoConfig
  /** Questions, as the model is asked to answer them. */
  readonly set: TokenisedSet
  readonly look: Looker
  readonly answering: Answering
  readonly judge: AnswerJudge
  /** Told of rewards that could not be had. */
  readonly onFault: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Answers some questions and judges the answers. A question whose picture cannot be read is left out.
 * @throws MaskwordsError `not-found` where no question is left, `unreadable` where not one answer could be judged; MllmError `runtime`
 * where the weights of the moment say nothing.
 */
export async function rollOut(
  rollout: number,
  numbers: readonly number[],
  context: RolloutContext,
): Promise<Experience> {
  const { config, set, answering, judge, signal } = context
  const { rollouts, advantages: style } = config
  const all = numbers.map(set.sequence)
  const { sequences, looked } = await context.look(all)
  const prompts = numbers.filter((_, i) => sequences.includes(all[i]!))
  if (prompts.length === 0) {
    throw new MaskwordsError('not-found', `no picture of rollout ${rollout} can be read`, {
      hint: 'look at the pictures named above; is "pictures" the folder of their paths?',
    })
  }
  const answered = answering.answer(
    sequences,
    looked,
    // Answers of all rollouts draw from one seed, each from a stream of its own.
    {
      ...rollouts,
      count: rollouts.answers,
      seed: config.seed,
      stream: rollout * rollouts.prompts * rollouts.answers,
    },
    signal,
  )
  const said = await answered.catch((error: unknown) => {
    throw speechless(error, rollout)
  })
  const texts = said.map((answers) => answers.map(answering.textOf))
  const samples = texts.flatMap((group, p) =>
    group.map((text) => rewardSample(set.conversations[prompts[p]!]!, text)),
  )
  const judgements = await judge.judge(samples, signal)
  const faults = judgements.flatMap((judgement, i) =>
    'fault' in judgement ? [`no reward for an answer to "${samples[i]!.id}": ${judgement.fault}`] : [],
  )
  if (faults.length === judgements.length) {
    throw new MaskwordsError(
      'unreadable',
      `not one of ${judgements.length} answers could be judged; ${faults[0]}`,
      {
        hint: 'nothing can be learned so: look at the rewards and the truths of the data',
      },
    )
  }
  for (const fault of faults) context.onFault(fault)
  const rewards = judgements.map((judgement) => ('fault' in judgement ? null : judgement.overall))
  const groups = samples.map((_, i) => Math.floor(i / rollouts.answers))
  const advantages = groupedAdvantages(rewards, groups, style)
  return {
    rollout,
    prompts,
    answers: said.map((answers, p) =>
      answers.map((answer, a): ExperiencedAnswer => {
        const i = p * rollouts.answers + a
        const judgement = judgements[i]!
        return {
          ids: answer.ids,
          finish: answer.finish,
          text: texts[p]![a]!,
          reward: rewards[i]!,
          parts: 'fault' in judgement ? {} : judgement.parts,
          ...('fault' in judgement && { fault: judgement.fault }),
          advantage: advantages[i]!,
        }
      }),
    ),
  }
}

/** Weights that have run away answer nothing: which rollout it was, and what to do. */
function speechless(error: unknown, rollout: number): unknown {
  if (!(error instanceof MllmError) || error.code !== 'runtime') return error
  return new MllmError('runtime', `rollout ${rollout} gets no answers: ${error.message}`, {
    hint: 'the updates before it may have been too large: lower the learning rate, or set clipNorm',
    cause: error,
  })
}

const meanOf = (values: readonly number[]): number =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length

/** What the log says of a rollout. */
export function experienceMetrics({ answers }: Experience): Record<string, number> {
  const all = answers.flat()
  const judged = all.filter(({ reward }) => reward !== null)
  const deviations = answers.map((group) => {
    const rewards = group.flatMap(({ reward }) => reward ?? [])
    const mean = meanOf(rewards)
    return Math.sqrt(meanOf(rewards.map((reward) => (reward - mean) ** 2)))
  })
  const parts: Record<string, number> = {}
  const names = [...new Set(judged.flatMap((answer) => Object.keys(answer.parts)))]
  // One part alone is the reward.
  if (names.length > 1) {
    for (const name of names)
      parts[`reward.${name}`] = meanOf(judged.map((answer) => answer.parts[name] ?? 0))
  }
  return {
    reward: meanOf(judged.map(({ reward }) => reward!)),
    ...parts,
    rewardDeviation: meanOf(deviations),
    equalGroups: meanOf(answers.map((group) => (group.every(({ advantage }) => advantage === 0) ? 1 : 0))),
    tokens: meanOf(all.map(({ ids }) => ids.length)),
    cut: meanOf(all.map(({ finish }) => (finish === 'length' ? 1 : 0))),
    failed: 1 - judged.length / all.length,
  }
}
