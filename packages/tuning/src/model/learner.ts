// What of a model learns: all weights but the frozen ones, or adapters beside them; and the values that learning starts from.

import { MaskwordsError } from '@maskwords/files'
import type { FileWeight, SessionOptions, Tensor } from '@maskwords/graph'
import type { QwenGraphOptions } from '@maskwords/models'
import { qwenPrefixes } from '@maskwords/models'
import { matchesName, parametersOf } from '@maskwords/train'
import type { AdapterSettings } from './adapters.ts'
import { besideLayers, firstAdapterWeight } from './adapters.ts'
import type { BaseModel } from './base.ts'
import type { TrainingEyes } from './eyes.ts'
import { movingEyes, steadyEyes } from './eyes.ts'
import type { LanguageGraph, LanguageGraphOptions } from './graph.ts'
import { languageGraph } from './graph.ts'
import { readAdapter } from './peft.ts'

export type LearnerSettings = {
  readonly seed: number
  /** Adapters instead of the weights themselves. */
  readonly lora?: AdapterSettings | undefined
  /** The folder of an adapter, in PEFT's layout, to go on with. */
  readonly startFrom?: string | undefined
  /** Patterns of weights that do not move; `eyes` stands for all of the vision tower. */
  readonly frozen?: readonly string[]
  /** Layers are computed a second time on the way back, which takes a third more time and much less memory. */
  readonly recompute?: boolean
  /** Bytes of pictures that are kept ready. */
  readonly cacheBytes?: number
  /** How the networks run: threads, and whether in this thread or in others (the default). */
  readonly session?: Pick<SessionOptions, 'threads' | 'worker'>
}

export type Learner = {
  readonly base: BaseModel
  readonly settings: LearnerSettings
  readonly eyes: TrainingEyes | undefined
  /** Adapters beside the layers, where there are any. */
  readonly beside: QwenGraphOptions['beside']
  /** Whether a weight is trained. */
  trains(name: string): boolean
  /** The network to train, each time anew. */
  graph(options?: Pick<LanguageGraphOptions, 'temperature'>): LanguageGraph
  /** First values of what is trained, by name. */
  readonly start: ReadonlyMap<string, Float32Array>
  /** Shapes of what is trained. */
  readonly shapes: ReadonlyMap<string, readonly number[]>
  /** Every weight of the network: first values of what is trained, places in the files of the rest. */
  readonly weights: (name: string, shape: readonly number[]) => Float32Array | FileWeight
  close(): Promise<void>
}

const CACHE_BYTES = 512 * 2 ** 20

/**
 * Decides what is trained, and reads its first values. Takes over the base: it is closed with the learner, and when this fails.
 * @throws MaskwordsError `usage` for patterns and targets that no weight fits, or where nothing is left to train.
 */
export async function openLearner(base: BaseModel, settings: LearnerSettings): Promise<Learner> {
  try {
    return await learnerOver(base, settings)
  } catch (error) {
    await base.close()
    throw error
  }
}

async function learnerOver(base: BaseModel, settings: LearnerSettings): Promise<Learner> {
  const { config } = base
  const { lora, frozen = [], cacheBytes = CACHE_BYTES } = settings
  const beside = lora && besideLayers(lora, config)
  const options: QwenGraphOptions = { beside, recompute: settings.recompute ?? false }
  const tower = `${qwenPrefixes(config.family).vision}.*`
  const still = frozen.map((pattern) => (pattern === 'eyes' ? tower : pattern))
  const trains = (name: string): boolean =>
    lora ? /\.lora_[AB]\.weight$/.test(name) : !matchesName(name, still)

  const moving = config.vision ? movingEyes(base, { cacheBytes, ...settings.session }) : undefined
  const all = parametersByName(languageGraph(config, moving, options).logits)
  const unfit = still.filter((pattern) => ![...all.keys()].some((name) => matchesName(name, pattern)))
  if (unfit.length > 0) {
    throw new MaskwordsError('usage', `no weight fits ${unfit.join(', ')}`, {
      hint: `"frozen" takes names of weights, * for anything, and "eyes"; there are ${[...all.keys()].slice(0, 4).join(', ')}, ...`,
    })
  }
  const shapes = new Map([...all].filter(([name]) => trains(name)))
  if (shapes.size === 0) {
    throw new MaskwordsError(
      'usage',
      lora ? `no layer is called ${lora.targets.join(', ')}` : 'every weight is frozen',
      {
        hint: lora
          ? 'targets are names such as q_proj, v_proj, down_proj'
          : 'there must be something to train',
      },
    )
  }
  const eyesMove = [...shapes.keys()].some((name) => matchesName(name, tower))
  const eyes = moving && (eyesMove ? moving : steadyEyes(base, { cacheBytes, ...settings.session }))
  const start = new Map<string, Float32Array>()
  const given =
    settings.startFrom === undefined ? undefined : await readAdapter(settings.startFrom, shapes, lora, config)
  for (const [name, shape] of shapes) {
    const value = lora
      ? (given?.get(name) ?? firstAdapterWeight(name, shape, settings.seed))
      : await base.weights.read(name)
    start.set(name, value)
  }
  return {
    base,
    settings,
    eyes,
    beside,
    trains,
    graph: (more = {}) => languageGraph(config, eyes, { ...options, ...more }),
    start,
    shapes,
    weights: (name, shape) => start.get(name) ?? base.weights.places(name, shape),
    async close() {
      await eyes?.close()
      await base.close()
    },
  }
}

function parametersByName(tensor: Tensor): Map<string, readonly number[]> {
  return new Map(
    parametersOf(tensor).map(({ node, shape }) => [
      (node.leaf as { name: string }).name,
      shape as readonly number[],
    ]),
  )
}
