// Optimisers as graph nodes: AdamW (Loshchilov & Hutter, arXiv 1711.05101) and SGD with momentum, in the forms of torch.optim.
// Every number that changes between steps is a fed scalar.

import type { Tensor } from '@maskwords/graph'
import { add, divide, GraphError, multiply, sqrt, subtract } from '@maskwords/graph'

/** What differs between groups of parameters. */
export type GroupSetting = {
  /** Factor on the learning rate. */
  readonly learningRateScale: number
  readonly weightDecay: number
}

export type UpdateInputs = {
  readonly weight: Tensor
  /** The gradient of one batch, or a sum over several. */
  readonly gradient: Tensor
  /** Scalar that turns the sum into the gradient that counts: mean over batches times clipping. */
  readonly gradientScale: Tensor | undefined
  readonly state: readonly Tensor[]
  /** Whether weight decay is ever other than zero. */
  readonly decays: boolean
  /** The fed scalars, one a name of `scalarNames`. */
  readonly scalars: Readonly<Record<string, Tensor>>
}

export type Optimiser = {
  readonly name: string
  /** Names of the state tensors, each of a weight's shape, all starting at zero. */
  readonly stateNames: readonly string[]
  readonly scalarNames: readonly string[]
  readonly weightDecay: number
  /** Values of the scalars for the step to come, counted from 0. */
  readonly scalars: (step: number, group: GroupSetting) => Readonly<Record<string, number>>
  /** Adds the update to the graph: the next weight and the next state. */
  readonly update: (inputs: UpdateInputs) => { weight: Tensor; state: readonly Tensor[] }
  /** Written into checkpoints, so that a run is not resumed with another optimiser. */
  readonly settings: Readonly<Record<string, number | string | boolean>>
  readonly learningRate: (step: number) => number
}

export type LearningRate = number | ((step: number) => number)

const rateAt = (rate: LearningRate): ((step: number) => number) =>
  typeof rate === 'number' ? () => rate : rate

function needShare(what: string, name: string, value: number): void {
  if (!(value >= 0 && value < 1)) {
    throw new GraphError('argument', `${what}: ${name} is ${value}; at least 0 and less than 1 is wanted`)
  }
}

function needAtLeast0(what: string, name: string, value: number): void {
  if (!(value >= 0 && Number.isFinite(value))) {
    throw new GraphError('argument', `${what}: ${name} is ${value}; a finite number of at least 0 is wanted`)
  }
}

const scaled = (gradient: Tensor, factor: Tensor, scale: Tensor | undefined): Tensor =>
  multiply(gradient, scale ? multiply(factor, scale) : factor)

/**
 * AdamW as torch.optim.AdamW: decoupled weight decay, epsilon added to the square root of the bias-corrected second moment.
 *   w ← w (1 - rate · decay) - rate / (1 - β₁ᵗ) · m / (sqrt(v) / sqrt(1 - β₂ᵗ) + ε)
 * @throws GraphError `argument` for settings out of range.
 */
export function adamW(options: {
  learningRate: LearningRate
  beta1?: number
  beta2?: number
  epsilon?: number
  weightDecay?: number
}): Optimiser {
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0.01 } = options
  needShare('adamW', 'beta1', beta1)
  needShare('adamW', 'beta2', beta2)
  needAtLeast0('adamW', 'weightDecay', weightDecay)
  if (!(epsilon > 0)) throw new GraphError('argument', `adamW: epsilon is ${epsilon}; more than 0 is wanted`)
  const learningRate = rateAt(options.learningRate)
  return {
    name: 'adamW',
    stateNames: ['m', 'v'],
    scalarNames: ['keepM', 'takeM', 'keepV', 'takeV', 'keepWeight', 'rate', 'epsilon'],
    weightDecay,
    settings: { beta1, beta2, epsilon, weightDecay },
    learningRate,
    scalars: (step, group) => {
      const rate = learningRate(step) * group.learningRateScale
      const first = 1 - beta1 ** (step + 1)
      const second = Math.sqrt(1 - beta2 ** (step + 1))
      return {
        keepM: beta1,
        takeM: 1 - beta1,
        keepV: beta2,
        takeV: 1 - beta2,
        keepWeight: 1 - rate * group.weightDecay,
        // Both corrections are moved out of the tensors: a / (b / c + e) = a c / (b + e c).
        rate: (rate / first) * second,
        epsilon: epsilon * second,
      }
    },
    update: ({ weight, gradient, gradientScale, state, decays, scalars: s }) => {
      const [m, v] = state as readonly [Tensor, Tensor]
      const squareScale = gradientScale && multiply(gradientScale, gradientScale)
      const nextM = add(multiply(m, s['keepM']!), scaled(gradient, s['takeM']!, gradientScale))
      const nextV = add(
        multiply(v, s['keepV']!),
        scaled(multiply(gradient, gradient), s['takeV']!, squareScale),
      )
      const direction = divide(nextM, add(sqrt(nextV), s['epsilon']!))
      return {
        weight: subtract(
          decays ? multiply(weight, s['keepWeight']!) : weight,
          multiply(direction, s['rate']!),
        ),
        state: [nextM, nextV],
      }
    },
  }
}

/**
 * SGD as torch.optim.SGD without dampening: decay is added to the gradient, the momentum buffer starts at zero.
 *   b ← momentum · b + g + decay · w;   w ← w - rate · (nesterov ? g + decay · w + momentum · b : b)
 * @throws GraphError `argument` for settings out of range.
 */
export function sgd(options: {
  learningRate: LearningRate
  momentum?: number
  weightDecay?: number
  nesterov?: boolean
}): Optimiser {
  const { momentum = 0, weightDecay = 0, nesterov = false } = options
  needShare('sgd', 'momentum', momentum)
  needAtLeast0('sgd', 'weightDecay', weightDecay)
  if (nesterov && momentum === 0) throw new GraphError('argument', 'sgd: nesterov needs a momentum')
  const learningRate = rateAt(options.learningRate)
  return {
    name: 'sgd',
    stateNames: momentum > 0 ? ['momentum'] : [],
    scalarNames: ['keep', 'decay', 'rate'],
    weightDecay,
    settings: { momentum, weightDecay, nesterov },
    learningRate,
    scalars: (step, group) => ({
      keep: momentum,
      decay: group.weightDecay,
      rate: learningRate(step) * group.learningRateScale,
    }),
    update: ({ weight, gradient, gradientScale, state, decays, scalars: s }) => {
      const taken = gradientScale ? multiply(gradient, gradientScale) : gradient
      const push = decays ? add(taken, multiply(weight, s['decay']!)) : taken
      const buffer = state[0]
      const nextBuffer = buffer && add(multiply(buffer, s['keep']!), push)
      const direction = !nextBuffer
        ? push
        : nesterov
          ? add(push, multiply(nextBuffer, s['keep']!))
          : nextBuffer
      return {
        weight: subtract(weight, multiply(direction, s['rate']!)),
        state: nextBuffer ? [nextBuffer] : [],
      }
    },
  }
}
