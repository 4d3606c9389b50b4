// A Trainer holds a training step's model and its state where they run, and does one update at a call. Where an update takes
// the gradients of several batches, those are made side by side, each on threads and in memory of its own.
import type { Feeds, Model, Session, SessionOptions, Value, Weights } from '@maskwords/graph'
import { GraphError, openSession } from '@maskwords/graph'
import type { TrainState } from './state.ts'
import { heldFromState, initialState, stateFromHeld } from './state.ts'
import type { GatherModel, TrainStep } from './step.ts'

/** `threads`, where it is given, is also how many batches of an update run side by side at most. */
export type TrainerOptions = Omit<SessionOptions, 'state'> & {
  readonly step: TrainStep
  /** What runs the model. Default: openSession; in a browser (model, { state }) => openWebSession(model, { state }). */
  readonly open?: (model: Model, options: SessionOptions) => Promise<Session>
  /** Weights to start from, or a state to go on from. */
  readonly from: { readonly weights: Weights } | { readonly state: TrainState }
}

/** Means over the batches of an update. */
export type StepMetrics = Readonly<Record<string, number>>

export type Trainer = {
  readonly step: TrainStep
  /** Updates done. */
  readonly stepsDone: number
  /**
   * One update from `accumulate` batches (one where nothing is accumulated). All state stays where the model runs.
   * @throws RefusedStep where the loss, or the norm of the gradient where it is known, is no finite number; the state is then that
   * before the update.
   */
  update(batches: Feeds | readonly Feeds[]): Promise<StepMetrics>
  /** A copy of all state. */
  state(): Promise<TrainState>
  /** What is trained, by name, as it is now; not to be written to. */
  weights(): Promise<Record<string, Float32Array>>
  restore(state: TrainState): Promise<void>
  close(): Promise<void>
}

/** Loads the model of a training step and its first state. @throws what openSession throws, and `weights` for misfits. */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { step, from, open = openSession, ...sessionOptions } = options
  const first = 'state' in from ? from.state : initialState(step, from.weights)
  const opened: Session[] = []
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((session) => session.close()))
  }
  try {
    const state = Object.fromEntries(step.state.map(({ input, output }) => [input, output]))
    // With several batches an update the loss is known, and looked at, before the update.
    const guard = step.guard.filter((name) => step.model.outputs.some((output) => output.name === name))
    opened.push(await open(step.model, { ...sessionOptions, state, guard }))
    if (step.gather) {
      const threads = options.threads ?? 1
      const count = Math.min(step.accumulate, threads)
      const alone = count === 1 ? sessionOptions : { ...sessionOptions, worker: true }
      const shared = options.threads === undefined ? {} : { threads: Math.floor(threads / count) }
      for (let i = 0; i < count; i++) opened.push(await open(step.gather.model, { ...alone, ...shared }))
    }
    const [session, ...gatherers] = opened as [Session, ...Session[]]
    const trainer = new SessionTrainer(step, session, gatherers)
    await trainer.restore(first)
    return trainer
  } catch (error) {
    await close()
    throw error
  }
}

/** An update that was not done, because `metric` of its batches is no finite number; the state is that before it. */
export class RefusedStep extends GraphError {
  /** Counted from 1. */
  readonly step: number
  readonly metric: string

  readonly value: number

  constructor(
    step: number,
    metric: string,
    value: number,
    hint = 'look at the data of this step; a lower learning rate or clipNorm keeps gradients small',
  ) {
    const what = metric === 'gradientNorm' ? "the gradient's norm" : `the ${metric}`
    super('runtime', `training step ${step}: ${what} is ${value}; the weights stay as they were before it`, {
      hint,
    })
    this.step = step
    this.metric = metric
    this.value = value
  }

  withHint(hint: string): RefusedStep {
    return new RefusedStep(this.step, this.metric, this.value, hint)
  }
}

class SessionTrainer implements Trainer {
  readonly step: TrainStep
  stepsDone = 0
  private readonly session: Session
  /** Sessions of the step's `gather`, which hold a copy of the weights. */
  private readonly gatherers: readonly Session[]

  constructor(step: TrainStep, session: Session, gatherers: readonly Session[]) {
    this.step = step
    this.session = session
    this.gatherers = gatherers
  }

  async update(batches: Feeds | readonly Feeds[]): Promise<StepMetrics> {
    const list = Array.isArray(batches) ? (batches as readonly Feeds[]) : [batches as Feeds]
    const { accumulate, metrics } = this.step
    if (list.length !== accumulate) {
      throw new GraphError('argument', `update: ${list.length} batches; one update takes ${accumulate}`)
    }
    const out = await (this.step.gather ? this.gather(this.step.gather, list) : this.whole(list[0]!))
    const numbers = Object.fromEntries(metrics.map((name) => [name, meanOf(name, out[name]!)]))
    this.refuseBroken(numbers)
    this.stepsDone++
    return numbers
  }

  /** Throws RefusedStep for numbers without which there is no update. */
  private refuseBroken(numbers: StepMetrics): void {
    for (const name of this.step.guard) {
      const value = numbers[name]
      if (value !== undefined && !Number.isFinite(value))
        throw new RefusedStep(this.stepsDone + 1, name, value)
    }
  }

  private async whole(batch: Feeds): Promise<Reported> {
    const feeds = { ...batch, ...this.step.feeds(this.stepsDone) }
    return listed(await this.session.run(feeds, { fetch: this.step.metrics }))
  }

  /** Gradients of the batches, in waves of as many as run side by side, and the update from their sums. */
  private async gather(gather: GatherModel, batches: readonly Feeds[]): Promise<Reported> {
    const { step, session, gatherers, stepsDone } = this
    const reported: Reported = {}
    const sums: Record<string, Value> = {}
    for (let from = 0; from < batches.length; from += gatherers.length) {
      const wave = await Promise.all(
        batches
          .slice(from, from + gatherers.length)
          .map((batch, i) => gatherers[i]!.run({ ...batch, ...gather.feeds(stepsDone, from + i) })),
      )
      // In the order of the batches, so that the same threads give the same bits.
      for (const out of wave) {
        for (const name of gather.gradients) addInto(sums, name, out[name]!)
        for (const name of step.metrics) if (out[name]) (reported[name] ??= []).push(out[name])
      }
    }
    this.refuseBroken({ loss: meanOf('loss', reported['loss']!) })
    const weights = step.parameters.map(({ name }) => ({ name, output: `next/${name}` }))
    const norms = step.metrics.filter((name) => reported[name] === undefined)
    const updated = await session.run(
      { ...sums, ...step.feeds(stepsDone) },
      { fetch: [...norms, ...weights.map(({ output }) => output)], transfer: true },
    )
    for (const name of norms) reported[name] = [updated[name]!]
    this.refuseBroken(Object.fromEntries(norms.map((name) => [name, numberOf(name, updated[name]!)])))
    const next = Object.fromEntries(weights.map(({ name, output }) => [name, updated[output]!]))
    await Promise.all(gatherers.map((gatherer) => gatherer.setState(next)))
    return reported
  }

  async state(): Promise<TrainState> {
    const names = this.step.state.map(({ input }) => input)
    return stateFromHeld(this.step, this.stepsDone, await this.session.getState(names))
  }

  async weights(): Promise<Record<string, Float32Array>> {
    const names = this.step.parameters.map(({ name }) => name)
    const held = await this.session.getState(names)
    return Object.fromEntries(names.map((name) => [name, held[name]!.data as Float32Array]))
  }

  async restore(state: TrainState): Promise<void> {
    const held = heldFromState(this.step, state)
    await this.session.setState(held)
    const weights = Object.fromEntries(this.step.parameters.map(({ name }) => [name, held[name]!]))
    await Promise.all(this.gatherers.map((gatherer) => gatherer.setState(weights)))
    this.stepsDone = state.step
  }

  async close(): Promise<void> {
    await Promise.all([this.session, ...this.gatherers].map((session) => session.close()))
  }
}

/** What the batches of an update gave for each metric. */
type Reported = Record<string, Value[]>

const listed = (out: Readonly<Record<string, Value>>): Reported =>
  Object.fromEntries(Object.entries(out).map(([name, value]) => [name, [value]]))

function addInto(sums: Record<string, Value>, name: string, value: Value): void {
  const sum = sums[name]?.data as Float32Array | undefined
  if (sum === undefined) {
    sums[name] = value
    return
  }
  const data = value.data as Float32Array
  for (let i = 0; i < sum.length; i++) sum[i]! += data[i]!
}

function meanOf(name: string, values: readonly Value[]): number {
  return values.reduce((total, value) => total + numberOf(name, value), 0) / values.length
}

function numberOf(name: string, value: Value): number {
  if (value.data.length !== 1) {
    throw new GraphError(
      'shape',
      `the metric "${name}" is ${value.dtype}[${value.shape}]; one number is wanted`,
      {
        hint: 'reduce it in the graph with mean() or sum()',
      },
    )
  }
  return Number(value.data[0])
}
