// The state of a training run by parameter name (weights, averages, optimiser), to and from the tensors a step model holds.
import type { Value, Weights } from '@maskwords/graph'
import { GraphError, weightSource } from '@maskwords/graph'
import type { StateTensor, TrainedShape, TrainStep } from './step.ts'

export type NamedTensor = { readonly data: Float32Array; readonly shape: readonly number[] }

/** Everything that a run needs to go on exactly: how far it is, and its tensors. */
export type TrainState = {
  /** Updates done. */
  readonly step: number
  /**
   * 'weight/<name>', 'average/<name>' and '<slot>/<name>' ('m/<name>') of every trained parameter, each in its own shape;
   * of parameters that are followed, 'weight/<name>' alone.
   */
  readonly tensors: ReadonlyMap<string, NamedTensor>
}

const keyOf = (state: StateTensor, parameter: TrainedShape): string =>
  `${state.kind === 'optimiser' ? state.slot : state.kind === 'followed' ? 'weight' : state.kind}/${parameter.name}`

/** The state before the first step: the given weights, averages equal to them, an optimiser that has seen nothing. */
export function initialState(step: TrainStep, weights: Weights): TrainState {
  const tensors = new Map<string, NamedTensor>()
  const follows = new Set(step.followed.map(({ name }) => name))
  for (const { name, shape, elements } of [...step.parameters, ...step.followed]) {
    const source = weightSource(weights, name, shape, 'float32')
    if (!(source instanceof Float32Array) || source.length !== elements) {
      throw new GraphError(
        'weights',
        `"${name}": a Float32Array of ${elements} values is wanted to start training`,
        {
          hint: 'read stored weights as float32 first',
        },
      )
    }
    tensors.set(`weight/${name}`, { data: source.slice(), shape })
    if (follows.has(name)) continue
    if (step.averageDecay !== undefined) tensors.set(`average/${name}`, { data: source.slice(), shape })
    for (const slot of step.optimiser.stateNames) {
      tensors.set(`${slot}/${name}`, { data: new Float32Array(elements), shape })
    }
  }
  return { step: 0, tensors }
}

/** The inputs of the step's model that hold `state`. @throws GraphError `weights` for tensors that are missing or misfit. */
export function heldFromState(step: TrainStep, state: TrainState): Record<string, Float32Array> {
  const held: Record<string, Float32Array> = {}
  for (const tensor of step.state) {
    const total = tensor.parameters.reduce((sum, { elements }) => sum + elements, 0)
    const values = new Float32Array(total)
    held[tensor.input] = values
    let at = 0
    for (const parameter of tensor.parameters) {
      const key = keyOf(tensor, parameter)
      const part = state.tensors.get(key)
      if (!part || part.data.length !== parameter.elements) {
        throw new GraphError(
          'weights',
          `training state: "${key}" ${part ? `has ${part.data.length} values, [${parameter.shape}] wants ${parameter.elements}` : 'is missing'}`,
        )
      }
      values.set(part.data, at)
      at += parameter.elements
    }
  }
  return held
}

/** The inverse of heldFromState. */
export function stateFromHeld(
  step: TrainStep,
  stepsDone: number,
  held: Readonly<Record<string, Value>>,
): TrainState {
  const tensors = new Map<string, NamedTensor>()
  for (const tensor of step.state) {
    const values = held[tensor.input]!.data as Float32Array
    let at = 0
    for (const parameter of tensor.parameters) {
      const data = values.slice(at, at + parameter.elements)
      tensors.set(keyOf(tensor, parameter), { data, shape: parameter.shape })
      at += parameter.elements
    }
  }
  return { step: stepsDone, tensors }
}

/**
 * The weights of a state by parameter name; the averages where asked for, and what is followed, which has none, as it is.
 * @throws GraphError `argument` where averages are asked for and none were kept.
 */
export function weightsOf(state: TrainState, options: { average?: boolean } = {}): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>()
  const take = (prefix: string): number => {
    let taken = 0
    for (const [key, { data }] of state.tensors) {
      if (!key.startsWith(prefix)) continue
      weights.set(key.slice(prefix.length), data)
      taken++
    }
    return taken
  }
  take('weight/')
  if (options.average && take('average/') === 0) {
    throw new GraphError('argument', 'weightsOf: this state holds no averages', {
      hint: 'give buildTrainStep an averageDecay',
    })
  }
  return weights
}
