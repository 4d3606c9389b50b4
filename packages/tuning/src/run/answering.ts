// The weights of the moment as a model that answers: the engine of packages/mllm over arrays that are handed to it, without a file.

import type { ConstraintMachine } from '@maskwords/mllm'
import { constraintMachine } from '@maskwords/mllm'
import type {
  Features,
  Memory,
  PromptRow,
  RolloutAnswer,
  RowReader,
  StoredModel,
} from '@maskwords/mllm/engine'
import { openEngine, openRows, resolveSampling, rollout } from '@maskwords/mllm/engine'
import { qwenPrefixes } from '@maskwords/models'
import type { Learner } from '../model/learner.ts'
import type { LookedPictures } from '../text/feeds.ts'
import type { Sequence } from '../text/sequence.ts'

export type AnswerSettings = {
  /** Answers to each prompt. */
  readonly count: number
  /** 0 takes the most probable token. */
  readonly temperature: number
  readonly topP?: number
  readonly topK?: number
  readonly seed: number
  /** Number of the first answer among all that draw from the seed. Default 0. */
  readonly stream?: number
  readonly maxTokens: number
  /** `free`: masks that are begun are finished. Default `off`. */
  readonly constraint?: 'off' | 'free'
  /** Prompts decoded together. */
  readonly together: number
}

export type Answering = {
  /** Answers with these values of what is trained from now on; they are read, not copied. */
  setWeights(weights: Readonly<Record<string, Float32Array>>): Promise<void>
  /** [prompts][count]. */
  answer(
    prompts: readonly Sequence[],
    looked: LookedPictures,
    settings: AnswerSettings,
    signal: AbortSignal,
  ): Promise<RolloutAnswer[][]>
  /** The text of an answer, without what ends it. */
  textOf(answer: RolloutAnswer): string
  close(): Promise<void>
}

/** In this thread, which stays free between two tokens. */
export async function openAnswering(learner: Learner): Promise<Answering> {
  const { base, beside, settings } = learner
  const { config, tokenizer, ends } = base
  let current: Readonly<Record<string, Float32Array>> = Object.fromEntries(learner.start)
  const table = `${qwenPrefixes(config.family).text}.embed_tokens.weight`
  const { width } = config.text
  const rows: RowReader = learner.trains(table)
    ? {
        read: (ids, out) => {
          const values = current[table]!
          for (let i = 0; i < ids.length; i++)
            out.set(values.subarray(ids[i]! * width, (ids[i]! + 1) * width), i * width)
        },
        range: (start, count) => current[table]!.subarray(start * width, (start + count) * width),
        close: () => {},
      }
    : openRows(base.weights.find(table)!)
  const stored: StoredModel = {
    config,
    rows,
    forOutputs: () => ({
      weights: (name, shape) => (learner.shapes.has(name) ? 'input' : base.weights.places(name, shape)),
    }),
    close: async () => rows.close(),
  }
  const engine = await openEngine(stored, { threads: settings.session?.threads, beside, grouped: true })
  await engine.setWeights(current)
  let machine: ConstraintMachine | undefined
  return {
    async setWeights(weights) {
      current = weights
      await engine.setWeights(weights)
    },
    async answer(prompts, looked, asked, signal) {
      const { temperature, seed, topP = 1, topK = 0 } = asked
      if (asked.constraint === 'free')
        machine ??= constraintMachine({ mode: 'free' }, tokenizer.vocabularies[0])
      const seen = new Map<string, Features>()
      const memory: Pick<Memory, 'features' | 'rememberFeatures'> = {
        features: (key) => looked.get(key)?.features ?? seen.get(key),
        rememberFeatures: (key, features) => void seen.set(key, features),
      }
      return rollout(
        prompts.map((prompt) => promptRowOf(prompt, looked)),
        engine,
        memory,
        {
          count: asked.count,
          stream: asked.stream ?? 0,
          sampling: resolveSampling({ temperature, topP, topK, seed, repetitionPenalty: 1 }, 1),
          machine: asked.constraint === 'free' ? machine : undefined,
          ends,
          maxTokens: asked.maxTokens,
          together: asked.together,
          signal,
        },
      )
    },
    textOf: ({ ids, finish }) => tokenizer.decode(finish === 'stop' ? ids.slice(0, -1) : ids),
    close: () => engine.close(),
  }
}

function promptRowOf(prompt: Sequence, looked: LookedPictures): PromptRow {
  return {
    ids: [...prompt.ids],
    positions: { axes: prompt.axes, next: prompt.next },
    seen: prompt.pictures.map(({ picture }, which) => ({
      places: [...prompt.pictureOf.keys()].filter((place) => prompt.pictureOf[place] === which),
      key: picture.key,
      patches: () => looked.get(picture.key)!.patches!,
    })),
  }
}
