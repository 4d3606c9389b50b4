// The training loop: batches in, updates, metrics, evaluation, checkpoints; stops at any moment and goes on exactly.
import type { SessionOptions, Weights } from '@maskwords/graph'
import { GraphError } from '@maskwords/graph'
import type { BatchSource, LiveSource, OpenLiveSource } from './batch-source.ts'
import type { BatchQueue } from './batches.ts'
import { prefetch } from './batches.ts'
import type { MetricsLog } from './metrics-log.ts'
import type { TrainProgress } from './progress.ts'
import { RateMeter } from './progress.ts'
import type { JsonValue, RunFolder, RunRecord, SavedRun } from './run-folder.ts'
import type { TrainState } from './state.ts'
import type { TrainStep } from './step.ts'
import type { StepMetrics, Trainer } from './trainer.ts'
import { openTrainer, RefusedStep } from './trainer.ts'

/** Evaluates a state; what it returns goes to the log, and one of its metrics may choose the best checkpoint. */
export type Evaluation = {
  /** Every so many updates, and after the last one. */
  readonly every: number
  readonly run: (state: TrainState) => Promise<Readonly<Record<string, number>>>
  readonly best?: { readonly metric: string; readonly direction: 'min' | 'max' }
}

export type TrainOptions = {
  readonly step: TrainStep
  /** How the model runs; the number of threads is part of what makes two runs equal to the bit. */
  readonly session?: Omit<SessionOptions, 'state' | 'signal'>
  /** Weights to start from; not read when a run is resumed. */
  readonly weights: Weights
  /** Batches by number, or what opens a source of batches that depend on the weights of the moment. */
  readonly data: BatchSource | OpenLiveSource
  /** Updates in all. */
  readonly steps: number
  /** Batches made ahead, of a source that does not look at the weights. Default 2. */
  readonly ahead?: number
  /** Where checkpoints and metrics go; without it nothing is written. */
  readonly folder?: string
  /** Goes on from the newest checkpoint of the folder, where there is one. Default true; false refuses a folder with checkpoints. */
  readonly resume?: boolean
  /** Updates between checkpoints; there is always one at the end and when stopped. Default 1000. */
  readonly saveEvery?: number
  /** Newest checkpoints to keep; the best one is kept besides. Default 2. */
  readonly keepLast?: number
  /** Updates between lines of the log. Default 10. */
  readonly logEvery?: number
  readonly evaluation?: Evaluation
  /** Whatever decides the numbers of a run and is not in the step: schedules, seeds, data. Saved, and compared on resume. */
  readonly settings?: { readonly [key: string]: JsonValue }
  readonly onProgress?: (progress: TrainProgress) => void
  /** What a person should know: resumed from where, stopped how. Default: nothing is said. */
  readonly onMessage?: (text: string) => void
  /** Finishes the update under way, saves, and returns. */
  readonly signal?: AbortSignal
  /** Does the same on SIGINT and SIGTERM; a second signal ends the process at once. Default false. */
  readonly stopOnSignals?: boolean
}

export type TrainResult = {
  readonly step: number
  /** Whether all updates were done. */
  readonly finished: boolean
  readonly state: TrainState
  /** The checkpoint written last. */
  readonly checkpoint: string | undefined
  readonly best: { readonly step: number; readonly value: number } | undefined
}

/**
 * Trains until `steps` updates are done or a signal asks to stop. With the same options, seeds and number of threads, a run
 * that was killed at any moment and resumed ends with the same bits as one that was not.
 * @throws GraphError `argument` for a folder of another run or options out of range; what trainer, data and evaluation throw.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const { saveEvery = 1000, logEvery = 10, keepLast = 2, steps } = options
  for (const [name, value] of Object.entries({
    steps,
    saveEvery,
    logEvery,
    keepLast,
    every: options.evaluation?.every ?? 1,
  })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new GraphError('argument', `train: ${name} is ${value}; a whole number of at least 1 is wanted`)
    }
  }
  const disk = options.folder === undefined ? undefined : await openRun(options.folder, options)
  const stop = stopRequest(options)
  const { data } = options
  let trainer: Trainer | undefined
  let live: LiveSource | undefined
  try {
    const from = disk?.saved ? { state: disk.saved.state } : { weights: options.weights }
    trainer = await openTrainer({ ...options.session, step: options.step, from })
    if (typeof data === 'function') live = await data(trainer, disk?.saved?.record.source, stop.signal)
    const loop = new Loop(options, trainer, disk, { saveEvery, logEvery, keepLast }, live)
    return await loop.run(stop.signal)
  } finally {
    stop.dispose()
    await trainer?.close()
    await (typeof data === 'function' ? live : data)?.close?.()
    disk?.folder.unlock()
  }
}

type Disk = {
  readonly folder: RunFolder
  readonly saved: SavedRun | undefined
  readonly log: MetricsLog
  readonly environment: Readonly<Record<string, string>>
}

const identityOf = (options: TrainOptions): RunRecord['identity'] =>
  JSON.parse(JSON.stringify({ step: options.step.settings, settings: options.settings ?? {} }))

async function openRun(path: string, options: TrainOptions): Promise<Disk> {
  const { RunFolder, environmentOf } = await import('./run-folder.ts')
  const folder = await RunFolder.open(path)
  try {
    return await openLocked(folder, options, await environmentOf(options.session?.threads))
  } catch (error) {
    folder.unlock()
    throw error
  }
}

async function openLocked(
  folder: RunFolder,
  options: TrainOptions,
  environment: Readonly<Record<string, string>>,
): Promise<Disk> {
  const { firstDifference } = await import('./run-folder.ts')
  const { openMetricsLog } = await import('./metrics-log.ts')
  const steps = folder.steps()
  if (steps.length === 0) {
    return { folder, saved: undefined, log: openMetricsLog(folder.metricsPath, 0), environment }
  }
  if (options.resume === false) {
    throw new GraphError('argument', `train: ${folder.path} holds a run that is at step ${steps.at(-1)}`, {
      hint: 'resume it (resume: true), or name another folder',
    })
  }
  const saved = await folder.loadNewest(steps, options.onMessage)
  const difference = firstDifference(identityOf(options), saved.record.identity)
  if (difference !== undefined) {
    throw new GraphError('argument', `train: ${saved.path} was made with other settings (${difference})`, {
      hint: 'set them back to go on with that run, or name another folder',
    })
  }
  const changed = firstDifference(environment, saved.record.environment)
  const notice =
    changed === undefined ? '' : `; the last bits may differ from an uninterrupted run (${changed})`
  options.onMessage?.(`resuming from ${saved.path}${notice}`)
  return { folder, saved, log: openMetricsLog(folder.metricsPath, saved.record.step), environment }
}

class Loop {
  private readonly options: TrainOptions
  private readonly trainer: Trainer
  private readonly disk: Disk | undefined
  private readonly every: { saveEvery: number; logEvery: number; keepLast: number }
  private readonly live: LiveSource | undefined
  private sums: Record<string, number>
  private count: number
  private best: { step: number; value: number } | undefined
  /** Whether a stop cut the evaluation of the step short. */
  private unevaluated = false
  private savedStep = -1
  private checkpoint: string | undefined

  constructor(
    options: TrainOptions,
    trainer: Trainer,
    disk: Disk | undefined,
    every: { saveEvery: number; logEvery: number; keepLast: number },
    live: LiveSource | undefined,
  ) {
    this.options = options
    this.trainer = trainer
    this.disk = disk
    this.every = every
    this.live = live
    const record = disk?.saved?.record
    this.sums = { ...record?.pending.sums }
    this.count = record?.pending.count ?? 0
    this.best = record?.best ?? undefined
    if (disk?.saved) {
      this.savedStep = disk.saved.record.step
      this.checkpoint = disk.saved.path
    }
  }

  async run(signal: AbortSignal): Promise<TrainResult> {
    const { steps, step, onProgress } = this.options
    const { trainer } = this
    const { accumulate } = step
    const queue = this.batches(trainer.stepsDone * accumulate)
    const rate = new RateMeter()
    try {
      if (this.disk?.saved?.record.pending.evaluation) await this.evaluate(trainer.stepsDone, signal)
      rate.mark(performance.now())
      while (trainer.stepsDone < steps && !signal.aborted) {
        let metrics: StepMetrics
        try {
          const batches = []
          for (let i = 0; i < accumulate; i++) batches.push(await queue.next())
          metrics = { ...(await trainer.update(batches)), ...this.live?.metrics() }
        } catch (error) {
          // A stop does not wait for the batches of an update that is not begun.
          if (signal.aborted && this.live) break
          // The state is that of the last update: what was done until here is kept. Where it cannot be had, the first error counts.
          await this.save().catch(() => undefined)
          throw this.located(error)
        }
        this.count++
        for (const [name, value] of Object.entries(metrics)) this.sums[name] = (this.sums[name] ?? 0) + value
        const done = trainer.stepsDone
        if (done % this.every.logEvery === 0 || done === steps) this.writeLine()
        const stepsPerSecond = rate.mark(performance.now())
        const secondsLeft = stepsPerSecond === undefined ? undefined : (steps - done) / stepsPerSecond
        onProgress?.({ step: done, steps, metrics, stepsPerSecond, secondsLeft })
        const evaluated = await this.evaluate(done, signal)
        if (evaluated || done % this.every.saveEvery === 0) await this.save()
      }
    } finally {
      await queue.close()
    }
    const state = await this.save()
    const finished = trainer.stepsDone >= steps
    if (!finished) {
      const where = this.disk ? ` and saved to ${this.checkpoint}; run the same command again to go on` : ''
      this.options.onMessage?.(`stopped after step ${trainer.stepsDone} of ${steps}${where}`)
    }
    return { step: trainer.stepsDone, finished, state, checkpoint: this.checkpoint, best: this.best }
  }

  private batches(from: number): BatchQueue {
    const { data, ahead = 2, step } = this.options
    if (this.live === undefined) {
      const { batch } = data as BatchSource
      return prefetch({ batch }, { from, ahead: ahead * step.accumulate })
    }
    let index = from
    return { next: () => this.live!.batch(index++), close: async () => {} }
  }

  /** A refused step, with the place of what was saved before it. */
  private located(error: unknown): unknown {
    if (!(error instanceof RefusedStep) || this.checkpoint === undefined) return error
    return error.withHint(`the last good state is ${this.checkpoint}; ${error.hint}`)
  }

  private writeLine(): void {
    const means = Object.fromEntries(Object.entries(this.sums).map(([name, sum]) => [name, sum / this.count]))
    const step = this.trainer.stepsDone
    const learningRate = this.options.step.optimiser.learningRate(step - 1)
    this.disk?.log.write({ step, kind: 'train', ...means, learningRate })
    this.sums = {}
    this.count = 0
  }

  /** Evaluates where it is time to; true where the result is the best so far. A stop in the middle leaves it for later. */
  private async evaluate(done: number, signal: AbortSignal): Promise<boolean> {
    const { evaluation, steps } = this.options
    if (!evaluation || (done % evaluation.every !== 0 && done !== steps)) return false
    let metrics: Readonly<Record<string, number>>
    try {
      metrics = await evaluation.run(await this.trainer.state())
    } catch (error) {
      if (!signal.aborted) throw error
      this.unevaluated = true
      return false
    }
    this.unevaluated = false
    this.disk?.log.write({ step: done, kind: 'evaluation', ...metrics })
    if (!evaluation.best) return false
    const value = metrics[evaluation.best.metric]
    if (value === undefined) {
      throw new GraphError(
        'argument',
        `train: the evaluation gave no "${evaluation.best.metric}", only ${Object.keys(metrics).join(', ')}`,
      )
    }
    const sign = evaluation.best.direction === 'max' ? 1 : -1
    // What is no number is better than nothing, and would stay the best for ever.
    if (Number.isNaN(value) || (this.best && !(sign * value > sign * this.best.value))) return false
    this.best = { step: done, value }
    return true
  }

  /** Saves where there is a folder and this step is not saved yet. */
  private async save(): Promise<TrainState> {
    const state = await this.trainer.state()
    if (!this.disk || state.step === this.savedStep) return state
    refuseBroken(state, this.checkpoint)
    this.checkpoint = await this.disk.folder.save(state, {
      step: state.step,
      identity: identityOf(this.options),
      pending: { count: this.count, sums: this.sums, ...(this.unevaluated && { evaluation: true as const }) },
      best: this.best ?? null,
      ...(this.live && { source: this.live.state() }),
      environment: this.disk.environment,
    })
    this.savedStep = state.step
    this.disk.folder.prune(this.every.keepLast, this.best ? [this.best.step] : [])
    return state
  }
}

/** A loss can be finite while its gradient is not: weights that are no numbers never replace a good checkpoint. */
function refuseBroken(state: TrainState, kept: string | undefined): void {
  for (const [name, { data }] of state.tensors) {
    if (data.every(Number.isFinite)) continue
    throw new GraphError(
      'runtime',
      `training step ${state.step}: ${name} is no longer made of finite numbers`,
      {
        hint: `${kept === undefined ? 'nothing was saved yet' : `${kept} is the last good state`}; look at the data, or lower the learning rate`,
      },
    )
  }
}

/** One signal out of the caller's and, where asked for, the process's. */
function stopRequest(options: TrainOptions): { signal: AbortSignal; dispose(): void } {
  const own = new AbortController()
  const onSignal = () => {
    options.onMessage?.('stopping after this update; once more to end at once')
    own.abort()
    release()
  }
  const names = ['SIGINT', 'SIGTERM'] as const
  const release = () => {
    for (const name of names) process.removeListener(name, onSignal)
  }
  if (options.stopOnSignals) for (const name of names) process.on(name, onSignal)
  const signal = options.signal ? AbortSignal.any([own.signal, options.signal]) : own.signal
  return { signal, dispose: release }
}
