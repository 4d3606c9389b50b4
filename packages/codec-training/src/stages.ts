// One stage of a training run as a training step, and what a finished run leaves: weights by their published names.
import { addedWeights, himtokParameters, initialWeights, samtokParameters } from '@maskwords/codecs'
import {
  adamW,
  cosineSchedule,
  matchesName,
  type TrainState,
  type TrainStep,
  weightsOf,
  withWarmUp,
} from '@maskwords/train'
import type { TrainConfig, TrainStage } from './config.ts'
import { himtokTrainStep } from './himtok/training.ts'
import { SAMTOK_POINTS } from './samtok/loss.ts'
import { samtokTrainStep } from './samtok/training.ts'

export type NamedWeights = ReadonlyMap<string, Float32Array>

/** Names and shapes of all weights of a configuration's network. */
export function networkParameters(config: TrainConfig): Map<string, readonly number[]> {
  return config.codec === 'samtok' ? samtokParameters(config.network) : himtokParameters(config.network)
}

/** Where a weight starts: from an earlier stage or file, else drawn from the seed; layers that they lack change nothing yet. */
export function startWeights(
  config: TrainConfig,
  earlier: NamedWeights | undefined,
): (name: string, shape: readonly number[]) => Float32Array {
  const fresh = earlier === undefined ? initialWeights(config.seed) : addedWeights(config.seed)
  return (name, shape) => earlier?.get(name) ?? fresh(name, shape)
}

/** The training step of a stage. @throws what the builders throw for configurations that cannot be. */
export function stageStep(
  config: TrainConfig,
  stage: TrainStage,
  weights: ReturnType<typeof startWeights>,
): TrainStep {
  const { weightDecay, beta1, beta2, clipNorm, averageDecay } = config.optimiser
  const cosine = cosineSchedule({
    peak: stage.learningRate,
    steps: Math.max(1, stage.steps - stage.warmUp),
    end: stage.learningRate * stage.endShare,
  })
  const optimiser = adamW({ learningRate: withWarmUp(stage.warmUp, cosine), beta1, beta2, weightDecay })
  const common = { optimiser, weights, clipNorm, averageDecay, frozen: stage.frozen }
  if (config.codec === 'himtok') {
    const { diceOver, ...lossWeights } = config.loss
    const { levels } = config
    return himtokTrainStep({
      ...common,
      config: config.network,
      levels: levels.kind === 'each' ? 1 : 1 + levels.partial,
      lossWeights,
      diceOver,
      accumulate: config.batch.parts,
    })
  }
  const { points, ...lossWeights } = config.loss
  return samtokTrainStep({
    ...common,
    ...config.batch,
    config: config.network,
    lossWeights,
    alternative: config.alternative,
    evenLogit: config.evenLogit,
    seed: config.seed,
    ...(points === undefined ? {} : { sampling: { ...SAMTOK_POINTS, points } }),
    ...(stage.codebooks ? { codebooks: config.codebooks } : {}),
  })
}

/** All weights that a state has, averaged where an average is kept; those that nothing moved as they were before. */
export function finalWeights(state: TrainState, before: NamedWeights | undefined): NamedWeights {
  return new Map([...(before ?? []), ...weightsOf(state, { average: true })])
}

/** The weights that a codec reads, all of them: trained, frozen, or drawn from the seed because nothing moves them. */
export function codecWeights(
  config: TrainConfig,
  weights: NamedWeights,
): Map<string, { data: Float32Array; shape: readonly number[] }> {
  const start = startWeights(config, weights)
  return new Map(
    [...networkParameters(config)].map(([name, shape]) => [name, { data: start(name, shape), shape }]),
  )
}

/** Patterns of a configuration that fit no weight: most often typing errors. */
export function unknownPatterns(config: TrainConfig): string[] {
  const names = [...networkParameters(config).keys()]
  return config.stages
    .flatMap(({ frozen }) => frozen)
    .filter((pattern) => !names.some((name) => matchesName(name, pattern)))
}
