// A Trainer holds a training step's model and its state where they run, and does one update at a call.
import type { Model } from '../build/model.ts'
import type { Weights } from '../build/weights.ts'
import { GraphError } from '../error.ts'
import type { Session, SessionOptions } from '../session/session.ts'
import { openSession } from '../session/session.ts'
import type { Feeds, Value } from '../session/value.ts'
import type { TrainState } from './state.ts'
import { heldFromState, initialState, savedInputs, stateFromHeld } from './state.ts'
import type { TrainStep } from './step.ts'

export type TrainerOptions = Omit<SessionOptions, 'state'> & {
  readonly step: TrainStep
  /** What runs the model. Default: openSession; in a browser (model, { state }) => openWebSession(model, { state }). */
  readonly open?: (model: Model, options: SessionOptions) => Promise<Session>
  /** Weights to start from, or a state to go on from. */
  readonly from: { readonly weights: Weights } | { readonly state: TrainState }
}

/** Numbers for metrics of one element, values for others. Means over the micro-batches of an update. */
export type StepMetrics = Readonly<Record<string, number>>

export type Trainer = {
  readonly step: TrainStep
  /** Updates done. */
  readonly stepsDone: number
  /**
   * One update from `accumulate` batches (one where nothing is accumulated). All state stays where the model runs.
   * @throws GraphError `runtime` for a loss that is no finite number; the state is then that after the bad update.
   */
  update(batches: Feeds | readonly Feeds[]): Promise<StepMetrics>
  /** A copy of all state. */
  state(): Promise<TrainState>
  restore(state: TrainState): Promise<void>
  close(): Promise<void>
}

/** Loads the model of a training step and its first state. @throws what openSession throws, and `weights` for misfits. */
export async function openTrainer(options: TrainerOptions): Promise<Trainer> {
  const { step, from, open = openSession, ...sessionOptions } = options
  const first = 'state' in from ? from.state : initialState(step, from.weights)
  const session = await open(step.model, {
    ...sessionOptions,
    state: Object.fromEntries(step.state.map(({ input, output }) => [input, output])),
  })
  try {
    await session.setState(heldFromState(step, first))
  } catch (error) {
    await session.close()
    throw error
  }
  return new SessionTrainer(step, session, first.step)
}

class SessionTrainer implements Trainer {
  readonly step: TrainStep
  stepsDone: number
  private readonly session: Session

  constructor(step: TrainStep, session: Session, stepsDone: number) {
    this.step = step
    this.session = session
    this.stepsDone = stepsDone
  }

  async update(batches: Feeds | readonly Feeds[]): Promise<StepMetrics> {
    const list = Array.isArray(batches) ? (batches as readonly Feeds[]) : [batches as Feeds]
    const { accumulate, metrics } = this.step
    if (list.length !== accumulate) {
      throw new GraphError('argument', `update: ${list.length} batches; one update takes ${accumulate}`)
    }
    const totals: Record<string, number> = Object.fromEntries(metrics.map((name) => [name, 0]))
    for (const [microBatch, feeds] of list.entries()) {
      const out = await this.session.run(
        { ...feeds, ...this.step.feeds(this.stepsDone, microBatch) },
        { fetch: metrics },
      )
      for (const name of metrics) {
        const value = numberOf(name, out[name]!)
        // The norm of the whole gradient is known at the last micro-batch alone.
        if (name === 'gradientNorm') totals[name] = value
        else totals[name]! += value / accumulate
      }
    }
    this.stepsDone++
    if (!Number.isFinite(totals['loss'])) {
      throw new GraphError('runtime', `training step ${this.stepsDone}: the loss is ${totals['loss']}`, {
        hint: 'go on from the last checkpoint with a lower learning rate or with clipNorm',
      })
    }
    return totals
  }

  async state(): Promise<TrainState> {
    return stateFromHeld(this.step, this.stepsDone, await this.session.getState(savedInputs(this.step)))
  }

  async restore(state: TrainState): Promise<void> {
    await this.session.setState(heldFromState(this.step, state))
    this.stepsDone = state.step
  }

  async close(): Promise<void> {
    await this.session.close()
  }
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
