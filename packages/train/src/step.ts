// buildTrainStep: loss, gradients, clipping, optimiser and averages of weights as one model; one run of it is one step. Where
// gradients of several batches are averaged, those come from a model of their own.
// All state goes in and comes out by name, so that a session can hand it from run to run without a look at it.
import type { Model, Target, Tensor, TensorData, Weights } from '@maskwords/graph'
import {
  add,
  buildModel,
  concat,
  constant,
  divide,
  GraphError,
  globalNorm,
  gradients,
  input,
  minimum,
  multiply,
  productOf,
  reshape,
  slice,
  split,
  topologicalOrder,
} from '@maskwords/graph'
import type { NamePattern, ParameterGroup, TrainedParameter } from './groups.ts'
import { sortIntoGroups } from './groups.ts'
import type { GroupSetting, Optimiser } from './optimiser.ts'

/** Input that carries the numbers that change from step to step. */
export const SCALARS_INPUT = 'train.scalars'

/** Optimiser state of parameters below this many elements shares one tensor: a kernel's start costs more than their arithmetic. */
const PACKED_ELEMENTS = 16_384

export type TrainStepOptions = {
  /** A scalar; the mean over the examples of one batch. */
  readonly loss: Tensor
  readonly optimiser: Optimiser
  /** Tensors to report besides the loss, usually scalars. */
  readonly metrics?: Readonly<Record<string, Tensor>>
  /** What may be trained. Default: every parameter that the loss is made of. */
  readonly parameters?: readonly Tensor[]
  /** Parameters that stay as they are; their values are written into the model from `weights`. */
  readonly frozen?: readonly NamePattern[]
  readonly weights?: Weights
  /**
   * Parameters that no gradient moves: each step they become `next`, computed from the values before the step. Codebooks
   * that follow moving averages are such. Not with `accumulate`.
   */
  readonly followed?: readonly { readonly parameter: Tensor; readonly next: Tensor }[]
  /** Own settings by name; the first group that fits counts. */
  readonly groups?: readonly ParameterGroup[]
  /** Scales the whole gradient down where its norm is above this (torch.nn.utils.clip_grad_norm_). */
  readonly clipNorm?: number
  /** Reports the norm of the whole gradient as `gradientNorm` where it is not clipped, too. Default false. */
  readonly gradientNorm?: boolean
  /** Keeps an exponential moving average of every trained weight: average ← decay · average + (1 - decay) · weight. */
  readonly averageDecay?: number
  /**
   * The decay of step t (from 0) is at most (1 + t) / (10 + t), so that averages forget where training started even in runs
   * that are not much longer than 1 / (1 - decay) steps. Default false.
   */
  readonly averageWarmUp?: boolean
  /** Batches whose gradients are averaged into one update. Default 1. */
  readonly accumulate?: number
  /** An int64 scalar input that randomSource() draws from: each run is fed another number, made of `seed` and the step. */
  readonly random?: { readonly input: Tensor; readonly seed: number }
  readonly target?: Target
  /** Fixes the order of the inputs. */
  readonly inputs?: readonly Tensor[]
}

/** A tensor of state: some parameters' values one after the other, or one parameter's in its own shape. */
export type StateTensor = {
  /** Input of the model. */
  readonly input: string
  /** Output of the model that is the next value of the input. */
  readonly output: string
  readonly kind: 'weight' | 'followed' | 'average' | 'optimiser'
  /** Name of the optimiser's state ('m'), empty for other kinds. */
  readonly slot: string
  readonly parameters: readonly TrainedShape[]
  readonly shape: readonly number[]
}

export type TrainedShape = {
  readonly name: string
  readonly shape: readonly number[]
  readonly elements: number
}

/** What one batch says: loss, metrics and gradients, at the weights that are fed with it. */
export type GatherModel = {
  readonly model: Model
  /** Outputs with gradients, which are inputs of the step's model as sums over the batches of an update. */
  readonly gradients: readonly string[]
  /** What a run is fed besides its batch and the weights: optimiser step from 0, and the batch within it from 0. */
  readonly feeds: (step: number, batch: number) => Record<string, TensorData>
}

export type TrainStep = {
  /** An update from a batch; where there is `gather`, from the sums of its gradients. */
  readonly model: Model
  /** Where `accumulate` is above 1. */
  readonly gather: GatherModel | undefined
  readonly optimiser: Optimiser
  readonly parameters: readonly TrainedShape[]
  readonly followed: readonly TrainedShape[]
  readonly frozen: readonly string[]
  readonly groups: readonly GroupSetting[]
  readonly state: readonly StateTensor[]
  /** Outputs to fetch, of the model that has them: 'loss', the metrics, and 'gradientNorm' where it is known. */
  readonly metrics: readonly string[]
  /** Of them, those without which there is no update: where one is no finite number, the weights stay as they are. */
  readonly guard: readonly string[]
  readonly accumulate: number
  readonly averageDecay: number | undefined
  /** Written into checkpoints and compared on resume. */
  readonly settings: Readonly<Record<string, unknown>>
  /** What a run of `model` is fed besides batch or gradients and state, for an optimiser step from 0. */
  readonly feeds: (step: number) => Record<string, TensorData>
}

const SHARED_SCALARS = ['keepAverage', 'takeAverage']

/**
 * Builds the model of one training step.
 * @throws GraphError `argument` for options out of range or patterns that fit nothing, `no-gradient`, and what buildModel throws.
 */
export function buildTrainStep(options: TrainStepOptions): TrainStep {
  const { optimiser, loss, clipNorm, averageDecay, accumulate = 1 } = options
  if (!Number.isSafeInteger(accumulate) || accumulate < 1) {
    throw new GraphError(
      'argument',
      `buildTrainStep: accumulate is ${accumulate}; a whole number of at least 1 is wanted`,
    )
  }
  if (clipNorm !== undefined && !(clipNorm > 0)) {
    throw new GraphError('argument', `buildTrainStep: clipNorm is ${clipNorm}; more than 0 is wanted`)
  }
  if (averageDecay !== undefined && !(averageDecay >= 0 && averageDecay < 1)) {
    throw new GraphError(
      'argument',
      `buildTrainStep: averageDecay is ${averageDecay}; at least 0 and less than 1 is wanted`,
    )
  }
  for (const name of ['loss', 'gradientNorm']) {
    if (options.metrics && Object.hasOwn(options.metrics, name)) {
      throw new GraphError('argument', `buildTrainStep: the metric "${name}" is reported without asking`)
    }
  }
  const followed = (options.followed ?? []).map(({ parameter, next }) => ({
    ...namedParameter(parameter),
    next,
  }))
  if (followed.length > 0 && accumulate > 1) {
    throw new GraphError(
      'argument',
      'buildTrainStep: parameters that are `followed` change at every run, and `accumulate` takes several runs a step',
    )
  }
  const follows = new Set(followed.map(({ name }) => name))
  const found = (options.parameters ?? parametersOf(loss)).filter(
    (tensor) => !follows.has(namedParameter(tensor).name),
  )
  const { trained, frozen, settings } = sortIntoGroups(found.map(namedParameter), optimiser, options)
  if (trained.length === 0) throw new GraphError('argument', 'buildTrainStep: there is nothing to train')

  const random = randomInput(options.random)
  const perGroup = optimiser.scalarNames
  const vector = input(SCALARS_INPUT, 'float32', [settings.length * perGroup.length + SHARED_SCALARS.length])
  const scalarAt = (index: number) => slice(vector, { axis: 0, start: index, end: index + 1 }).reshape([])
  const groupScalars = settings.map((_, group) =>
    Object.fromEntries(perGroup.map((name, i) => [name, scalarAt(group * perGroup.length + i)])),
  )
  const shared = Object.fromEntries(
    SHARED_SCALARS.map((name, i) => [name, scalarAt(settings.length * perGroup.length + i)]),
  )

  const state: StateTensor[] = []
  const batchInputs =
    options.inputs ??
    inputsOf([loss, ...Object.values(options.metrics ?? {}), ...followed.map(({ next }) => next)])
  const reported: Record<string, Tensor> = { loss, ...options.metrics }
  const inputs: Tensor[] = [...(accumulate > 1 ? [] : batchInputs), vector]
  const outputs: Record<string, Tensor> = accumulate > 1 ? {} : { ...reported }
  const held = (kind: StateTensor['kind'], slot: string, parameters: readonly TrainedShape[]): Tensor => {
    const alone = parameters.length === 1 ? parameters[0] : undefined
    const shape = alone ? alone.shape : [parameters.reduce((total, { elements }) => total + elements, 0)]
    const stem = slot === '' ? kind : slot
    const name = `${stem}/${alone ? alone.name : `packed.${state.filter((s) => s.slot === slot && s.parameters.length > 1).length}`}`
    state.push({ input: name, output: `next/${name}`, kind, slot, parameters, shape })
    const tensor = input(name, 'float32', shape)
    inputs.push(tensor)
    return tensor
  }
  const next = (tensor: Tensor, value: Tensor) => {
    outputs[`next/${(tensor.node.leaf as { name: string }).name}`] = value
  }

  const own = gradients(
    loss,
    trained.map(({ tensor }) => tensor),
  )
  const bundles = bundlesOf(trained).map((members) => {
    const shapes = members.map(({ parameter }) => shapeOf(parameter))
    const gradient = flat(members.map(({ index }) => own[index]!))
    return { members, shapes, gradient }
  })
  const gathered: Record<string, Tensor> = {}
  // A sum over batches counts as their mean.
  let gradientScale: Tensor | undefined
  if (accumulate > 1) {
    gradientScale = constant(1 / accumulate)
    bundles.forEach((bundle, i) => {
      const name = `gradient/${bundle.shapes.length === 1 ? bundle.shapes[0]!.name : `packed.${i}`}`
      gathered[name] = bundle.gradient
      bundle.gradient = input(name, 'float32', bundle.gradient.shape)
      inputs.push(bundle.gradient)
    })
  }
  const knowsNorm = clipNorm !== undefined || options.gradientNorm === true
  if (knowsNorm) {
    const norm = globalNorm(bundles.map(({ gradient }) => gradient))
    const mean = gradientScale ? multiply(norm, gradientScale) : norm
    outputs['gradientNorm'] = mean
    if (clipNorm !== undefined) {
      // As torch: the factor is max / (norm + 1e-6), never above 1.
      const clip = minimum(divide(clipNorm, add(mean, 1e-6)), 1)
      gradientScale = gradientScale ? multiply(gradientScale, clip) : clip
    }
  }

  for (const { members, shapes, gradient } of bundles) {
    const group = members[0]!.parameter.group
    const slots = optimiser.stateNames.map((slot) => held('optimiser', slot, shapes))
    const updated = optimiser.update({
      weight: flat(members.map(({ parameter }) => parameter.tensor)),
      gradient,
      gradientScale,
      state: slots,
      decays: settings[group]!.weightDecay !== 0,
      scalars: groupScalars[group]!,
    })
    slots.forEach((slot, i) => {
      next(slot, updated.state[i]!)
    })
    if (averageDecay !== undefined) {
      const average = held('average', 'average', shapes)
      next(
        average,
        add(multiply(average, shared['keepAverage']!), multiply(updated.weight, shared['takeAverage']!)),
      )
    }
    const parts =
      members.length === 1
        ? [updated.weight]
        : split(
            updated.weight,
            0,
            shapes.map(({ elements }) => elements),
          )
    members.forEach(({ parameter }, i) => {
      outputs[`next/${parameter.name}`] = reshape(parts[i]!, parameter.tensor.shape)
      state.push({
        input: parameter.name,
        output: `next/${parameter.name}`,
        kind: 'weight',
        slot: '',
        parameters: [shapes[i]!],
        shape: shapes[i]!.shape,
      })
    })
  }

  for (const { tensor, name, next: value } of followed) {
    const shape = shapeOf({ tensor, name })
    outputs[`next/${name}`] = reshape(value, shape.shape)
    state.push({
      input: name,
      output: `next/${name}`,
      kind: 'followed',
      slot: '',
      parameters: [shape],
      shape: shape.shape,
    })
  }

  const still = new Set(frozen)
  const fed = new Set([...trained.map(({ name }) => name), ...follows])
  const source = options.weights
  const build = (from: readonly Tensor[], to: Readonly<Record<string, Tensor>>, name: string): Model =>
    buildModel({
      inputs: from,
      outputs: to,
      target: options.target ?? 'cpu',
      name,
      weights: (name, shape, dtype) => {
        if (fed.has(name)) return 'input'
        const value =
          typeof source === 'function'
            ? source(name, shape, dtype)
            : source instanceof Map
              ? source.get(name)
              : (source as Readonly<Record<string, TensorData>> | undefined)?.[name]
        if (value === undefined || value === 'input') {
          throw new GraphError(
            'weights',
            `buildTrainStep: no values for "${name}", which ${still.has(name) ? 'is frozen' : 'is not trained'}`,
            {
              hint: 'give them in `weights`: they are written into the model',
            },
          )
        }
        return value
      },
    })
  const randomFeed = (step: number, batch: number): Record<string, TensorData> => {
    if (!random) return {}
    // The high half is the seed and the low half the number of the run: no two runs of two seeds share a number.
    const number = (BigInt(random.seed) << 32n) + BigInt((step * accumulate + batch) % 2 ** 32)
    return { [random.name]: BigInt64Array.of(number) }
  }

  return {
    model: build(inputs, outputs, 'training step'),
    gather:
      accumulate === 1
        ? undefined
        : {
            model: build(batchInputs, { ...reported, ...gathered }, 'gradients of a batch'),
            gradients: Object.keys(gathered),
            feeds: randomFeed,
          },
    optimiser,
    parameters: trained.map(shapeOf),
    followed: followed.map(shapeOf),
    frozen,
    groups: settings,
    state,
    metrics: ['loss', ...Object.keys(options.metrics ?? {}), ...(knowsNorm ? ['gradientNorm'] : [])],
    guard: ['loss', ...(knowsNorm ? ['gradientNorm'] : [])],
    accumulate,
    averageDecay,
    settings: {
      optimiser: { name: optimiser.name, ...optimiser.settings },
      groups: settings,
      accumulate,
      clipNorm: clipNorm ?? null,
      averageDecay: averageDecay ?? null,
      ...(options.averageWarmUp === true ? { averageWarmUp: true } : {}),
      seed: random?.seed ?? null,
      parameters: trained.map(({ name, tensor, group }) => ({ name, shape: tensor.shape, group })),
      ...(followed.length === 0 ? {} : { followed: [...follows] }),
    },
    feeds: (step) => {
      const values = settings.flatMap((setting) => {
        const scalars = optimiser.scalars(step, setting)
        return perGroup.map((name) => scalars[name]!)
      })
      const most = options.averageWarmUp === true ? (1 + step) / (10 + step) : 1
      const decay = Math.min(averageDecay ?? 1, most)
      const scalars = Float32Array.from([...values, decay, 1 - decay])
      return { [SCALARS_INPUT]: scalars, ...(accumulate === 1 ? randomFeed(step, 0) : {}) }
    },
  }
}

function randomInput(option: TrainStepOptions['random']): { name: string; seed: number } | undefined {
  if (!option) return undefined
  const leaf = option.input.node.leaf
  if (leaf?.kind !== 'input' || option.input.dtype !== 'int64' || option.input.rank !== 0) {
    throw new GraphError(
      'argument',
      `buildTrainStep: random.input is ${option.input}; an int64 scalar made by input() is wanted`,
    )
  }
  if (!Number.isSafeInteger(option.seed) || option.seed < 0 || option.seed >= 2 ** 31) {
    throw new GraphError(
      'argument',
      `buildTrainStep: random.seed is ${option.seed}; a whole number from 0 to 2^31 - 1 is wanted`,
    )
  }
  return { name: leaf.name, seed: option.seed }
}

function namedParameter(tensor: Tensor): { tensor: Tensor; name: string } {
  const leaf = tensor.node.leaf
  if (leaf?.kind !== 'parameter') {
    throw new GraphError('argument', `buildTrainStep: ${tensor} in \`parameters\` is not made by parameter()`)
  }
  if (tensor.dtype !== 'float32') {
    throw new GraphError(
      'dtype',
      `buildTrainStep: the parameter "${leaf.name}" is ${tensor.dtype}; training wants float32`,
    )
  }
  return { tensor, name: leaf.name }
}

/** The float32 parameters that a tensor is made of, one a name, in walking order. */
export function parametersOf(tensor: Tensor): Tensor[] {
  const byName = new Map<string, Tensor>()
  for (const node of topologicalOrder([tensor])) {
    if (node.leaf?.kind === 'parameter' && !byName.has(node.leaf.name))
      byName.set(node.leaf.name, node.outputs[0]!)
  }
  return [...byName.values()]
}

function inputsOf(tensors: readonly Tensor[]): Tensor[] {
  return topologicalOrder(tensors)
    .filter((node) => node.leaf?.kind === 'input')
    .map((node) => node.outputs[0]!)
}

function shapeOf({ tensor, name }: Pick<TrainedParameter, 'tensor' | 'name'>): TrainedShape {
  return { name, shape: tensor.shape as readonly number[], elements: productOf(tensor.shape) as number }
}

/** One tensor as it is; several one after the other. */
function flat(tensors: readonly Tensor[]): Tensor {
  if (tensors.length === 1) return tensors[0]!
  return concat(
    tensors.map((tensor) => reshape(tensor, [-1])),
    0,
  )
}

type Members = readonly { readonly parameter: TrainedParameter; readonly index: number }[]

/** Large parameters alone, the small ones of each group together. */
function bundlesOf(trained: readonly TrainedParameter[]): Members[] {
  const small = new Map<number, { parameter: TrainedParameter; index: number }[]>()
  const result: Members[] = []
  trained.forEach((parameter, index) => {
    if (shapeOf(parameter).elements >= PACKED_ELEMENTS) result.push([{ parameter, index }])
    else if (small.has(parameter.group)) small.get(parameter.group)!.push({ parameter, index })
    else small.set(parameter.group, [{ parameter, index }])
  })
  return [...result, ...small.values()]
}
