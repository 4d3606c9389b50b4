// Batches of learning by reward: a rollout whenever the one before is used up, cut into updates and batches; each question stands once
// in a row with its answers.
import { join } from 'node:path'
import { MaskwordsError } from '@maskwords/files'
import type { Feeds } from '@maskwords/graph'
import type { JsonValue, LiveSource, OpenLiveSource } from '@maskwords/train'
import { dataOrder } from '@maskwords/train'
import { inputNames } from '../model/graph.ts'
import type { Learner } from '../model/learner.ts'
import type { AnswerJudge } from '../reward/judgement.ts'
import type { Answering } from '../run/answering.ts'
import { writeAnswers } from '../run/evaluate.ts'
import type { Scoring } from '../run/scoring.ts'
import { rowFeeds } from '../text/feeds.ts'
import type { Looker } from '../text/looking.ts'
import type { PackedRow } from '../text/packing.ts'
import { packedLength, packRow, withAnswer } from '../text/packing.ts'
import type { Sequence } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import type { GrpoConfig } from './config.ts'
import type { Experience, ExperiencedAnswer } from './experience.ts'
import { experienceMetrics, rollOut } from './experience.ts'
import type { GrpoLossSettings, JudgedAnswer } from './loss.ts'
import { grpoFeeds, grpoGraph } from './loss.ts'

export type GrpoSourceOptions = {
  readonly config: GrpoConfig
  readonly loss: GrpoLossSettings
  readonly set: TokenisedSet
  readonly look: Looker
  readonly judge: AnswerJudge
  readonly answering: Answering
  /** Where log-probabilities of the time of answering, or of the reference, are needed. */
  readonly scoring: Scoring | undefined
  /** Where the answers of the last rollouts are kept. */
  readonly folder: string
  readonly onFault: (text: string) => void
}

/** A row of a batch: answers to one question, and how they were judged. */
type AnsweredRow = {
  readonly row: PackedRow
  readonly places: readonly (readonly [prompt: number, answer: number])[]
}

/** Log-probabilities are needed where a rollout serves several updates: the weights have moved since. */
export const lossSettings = ({ loss, updates }: GrpoConfig): GrpoLossSettings => ({
  ...loss,
  epsilonHigh: loss.epsilonHigh ?? loss.epsilon,
  old: updates.perRollout * updates.iterations > 1,
})

export function grpoSource(learner: Learner, options: GrpoSourceOptions): OpenLiveSource {
  const { config, loss, set, look, judge, answering, scoring, folder, onFault } = options
  const { rollouts, updates, loss: lossConfig } = config
  const { perRollout, iterations, accumulate } = updates
  const parts = perRollout * accumulate
  const order = dataOrder({ count: set.conversations.length, batchSize: rollouts.prompts, seed: config.seed })
  const graph = grpoGraph(learner, loss, { temperature: rollouts.temperature })
  const reads = inputNames([graph.loss, ...Object.values(graph.metrics)])
  const counts = ({ finish }: ExperiencedAnswer) => lossConfig.cutAnswers === 'keep' || finish === 'stop'

  /** The questions of a part of a rollout, by their place in it. */
  const promptsOf = ({ prompts }: Experience, part: number): number[] => {
    const cut = (at: number) => Math.floor((at * prompts.length) / parts)
    return Array.from({ length: cut(part + 1) - cut(part) }, (_, i) => cut(part) + i)
  }

  /** Rows of some questions: as many answers in one as it has room for. */
  const rowsOf = (experience: Experience, prompts: readonly number[]): AnsweredRow[] =>
    prompts.flatMap((p) => {
      const prompt = set.sequence(experience.prompts[p]!)
      const rows: { sequences: Sequence[]; places: [number, number][] }[] = []
      experience.answers[p]!.forEach(({ ids }, a) => {
        const sequence = withAnswer(prompt, ids)
        const last = rows.at(-1)
        if (last && packedLength([...last.sequences, sequence]) <= updates.maxTokens) {
          last.sequences.push(sequence)
          last.places.push([p, a])
        } else rows.push({ sequences: [sequence], places: [[p, a]] })
      })
      return rows.map(({ sequences, places }) => ({ row: packRow(sequences), places }))
    })

  /** Log-probabilities of all answers of a rollout, part by part, by the weights that the network has now. */
  const scored = async (experience: Experience, network: Scoring): Promise<number[][][]> => {
    const found: number[][][] = experience.answers.map((answers) => answers.map(() => []))
    for (let part = 0; part < parts; part++) {
      const rows = rowsOf(experience, promptsOf(experience, part))
      if (rows.length === 0) continue
      const { looked } = await look(rows.flatMap(({ row }) => row.sequences))
      const { logprobs } = await network.score(
        rows.map(({ row }) => row),
        looked,
      )
      let at = 0
      for (const { row, places } of rows) {
        for (const number of row.labels.sequence) {
          const [p, a] = places[number]!
          found[p]![a]!.push(logprobs[at++]!)
        }
      }
    }
    return found
  }

  return async (trainer, saved, signal): Promise<LiveSource> => {
    let experience = (saved ?? undefined) as Experience | undefined
    let metrics = experience ? experienceMetrics(experience) : {}

    const roll = async (rollout: number): Promise<Experience> => {
      const weights = await trainer.weights()
      await answering.setWeights(weights)
      const numbers = [...order.batch(rollout)]
      let made = await rollOut(rollout, numbers, { config, set, look, answering, judge, onFault, signal })
      const add = (name: 'old' | 'reference', logprobs: number[][][]) => {
        const answers = made.answers.map((group, p) =>
          group.map((one, a) => ({ ...one, [name]: logprobs[p]![a]! })),
        )
        made = { ...made, answers }
      }
      if (loss.old) {
        await scoring!.setWeights(weights)
        add('old', await scored(made, scoring!))
      }
      if (loss.beta > 0) {
        await scoring!.setWeights(Object.fromEntries(learner.start))
        add('reference', await scored(made, scoring!))
      }
      const rows = made.answers.flatMap((answers, p) => {
        const { id, turns } = set.conversations[made.prompts[p]!]!
        const question = turns.findLast(({ role }) => role === 'user')!.text
        return answers.map(({ ids, old: _, reference: __, ...answer }) => ({
          id,
          question,
          ...answer,
          tokens: ids.length,
        }))
      })
      await writeAnswers(join(folder, 'answers'), trainer.stepsDone, rows, signal, config.keepAnswers)
      return made
    }

    return {
      async batch(index): Promise<Feeds> {
        const update = Math.floor(index / accumulate)
        const rollout = Math.floor(update / (perRollout * iterations))
        if (experience?.rollout !== rollout) {
          experience = await roll(rollout)
          metrics = experienceMetrics(experience)
        }
        const now = experience
        const part = (update % perRollout) * accumulate + (index % accumulate)
        const all = rowsOf(now, promptsOf(now, part))
        const answerAt = ([p, a]: readonly [number, number]) => now.answers[p]![a]!
        // Groups of equal rewards teach nothing; without a reference they are not computed.
        const teaching = all.filter(
          ({ places }) => loss.beta > 0 || places.some((place) => answerAt(place).advantage !== 0),
        )
        const wanted = teaching.length > 0 ? teaching : all.slice(0, 1)
        if (wanted.length === 0) {
          throw new MaskwordsError(
            'not-found',
            `no question of rollout ${rollout} is left for batch ${index}`,
            {
              hint: 'too many pictures cannot be read; look at those named above',
            },
          )
        }
        const { looked } = await look(wanted.flatMap(({ row }) => row.sequences))
        const tokensOf = (answers: readonly ExperiencedAnswer[]) =>
          answers.reduce((sum, answer) => sum + (counts(answer) ? answer.ids.length : 0), 0)
        const judged = wanted.map(({ places }) =>
          places.map((place): JudgedAnswer => {
            const answer = answerAt(place)
            const { advantage, old, reference, ids } = answer
            return { advantage, old, reference, tokens: ids.length, counts: counts(answer) }
          }),
        )
        const own = all.flatMap(({ places }) => places.map(answerAt))
        const feeds = {
          ...rowFeeds(
            wanted.map(({ row }) => row),
            looked,
            learner.eyes,
          ),
          ...grpoFeeds(
            wanted.map(({ row }) => row),
            judged,
            loss,
            {
              batches: accumulate,
              answers: own.length,
              batchTokens: tokensOf(own),
              updateTokens: tokensOf(now.answers.flat()) / perRollout,
              maxTokens: rollouts.maxTokens,
            },
          ),
        }
        return Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name)))
      },
      state: () => (experience ?? null) as unknown as JsonValue,
      metrics: () => metrics,
    }
  }
}
