// One update of a learner: loss, gradients of what is trained, AdamW in the form of torch, a schedule; as one model.
import type { Tensor } from '@maskwords/graph'
import type { Schedule, TrainStep } from '@maskwords/train'
import {
  adamW,
  buildTrainStep,
  constantSchedule,
  cosineSchedule,
  linearSchedule,
  parametersOf,
  withWarmUp,
} from '@maskwords/train'
import type { Learner } from '../model/learner.ts'
import type { OptimiserSettings } from './settings.ts'

export type StepOptions = {
  /** A scalar over one batch; with `accumulate` the mean of several counts. */
  readonly loss: Tensor
  readonly metrics?: Readonly<Record<string, Tensor>>
  readonly optimiser: OptimiserSettings
  /** Updates of the whole run, over which the schedule runs. */
  readonly steps: number
  readonly accumulate?: number
}

/** The learning rate of each update, from 0. */
export function scheduleOf(settings: OptimiserSettings, steps: number): Schedule {
  const { learningRate: peak, endShare, warmUp } = settings
  const end = peak * endShare
  const left = Math.max(1, steps - warmUp)
  const after =
    settings.schedule === 'constant'
      ? constantSchedule(peak)
      : settings.schedule === 'linear'
        ? linearSchedule({ peak, end, steps: left })
        : cosineSchedule({ peak, end, steps: left })
  return warmUp === 0 ? after : withWarmUp(warmUp, after)
}

/** The model of one update. @throws what buildTrainStep throws. */
export function learnStep(learner: Learner, options: StepOptions): TrainStep {
  const { optimiser: settings, loss, metrics = {}, accumulate = 1, steps } = options
  const vectors = [...learner.shapes].filter(([, shape]) => shape.length < 2).map(([name]) => name)
  const spared = settings.decays === 'matrices' && settings.weightDecay > 0 && vectors.length > 0
  return buildTrainStep({
    loss,
    metrics,
    parameters: parametersOf(loss).filter(({ node }) => learner.trains((node.leaf as { name: string }).name)),
    weights: learner.weights,
    accumulate,
    gradientNorm: true,
    optimiser: adamW({
      learningRate: scheduleOf(settings, steps),
      beta1: settings.beta1,
      beta2: settings.beta2,
      epsilon: settings.epsilon,
      weightDecay: settings.weightDecay,
    }),
    ...(spared && { groups: [{ match: vectors, weightDecay: 0 }] }),
    ...(settings.clipNorm !== null && { clipNorm: settings.clipNorm }),
  })
}
