// What every run does alike: its folder and model are opened, it is trained with a checkpoint now and then, and what was learned is written.
import type { LossCurveOptions } from '@maskwords/charts'
import type { TrainOptions, TrainProgress } from '@maskwords/train'
import { train, weightsOf } from '@maskwords/train'
import { openBaseModel } from '../model/base.ts'
import type { Learner } from '../model/learner.ts'
import { openLearner } from '../model/learner.ts'
import type { LearnedFolders } from '../model/write.ts'
import { writeLearned } from '../model/write.ts'
import type { TrainingConversation } from '../text/conversation.ts'
import { readConversations } from '../text/read-conversations.ts'
import type { Sequence, TextModel } from '../text/sequence.ts'
import type { TokenisedSet } from '../text/source.ts'
import { tokenisedSet } from '../text/source.ts'
import { keepConfig, writeCurves } from './folder.ts'
import { limitedMessages } from './messages.ts'
import type { CommonConfig, DataSettings } from './settings.ts'

export type LearnOptions<Config> = {
  readonly config: Config
  /** Where checkpoints, metrics, answers and the model go. */
  readonly folder: string
  readonly threads: number
  /** Networks run in threads of their own. Default true. */
  readonly worker?: boolean
  /** Finishes the update under way, saves, and returns. */
  readonly signal: AbortSignal
  readonly onProgress: (progress: TrainProgress) => void
  readonly onMessage: (text: string) => void
}

export type LearnResult = LearnedFolders & {
  readonly finished: boolean
  readonly step: number
  readonly steps: number
  readonly curves: string | undefined
}

/** A run that has its model. */
export type Run<Config> = Omit<LearnOptions<Config>, 'threads' | 'worker'> & {
  readonly learner: Learner
  /** Told of conversations and pictures that are left out; the first few are said. */
  readonly onLost: (why: string) => void
}

/** Opens folder and model, learns, and closes what was opened. */
export async function withLearner<Config extends CommonConfig, T>(
  options: LearnOptions<Config>,
  learn: (run: Run<Config>) => Promise<T>,
): Promise<T> {
  const { config, folder, threads, worker = true, signal } = options
  await keepConfig(folder, config, signal)
  const learner = await openLearner(await openBaseModel(config.model), {
    seed: config.seed,
    lora: config.lora,
    startFrom: config.lora?.from,
    frozen: config.frozen,
    recompute: config.recompute,
    cacheBytes: config.cacheMiB * 2 ** 20,
    session: { threads, worker },
  })
  try {
    return await learn({ ...options, learner, onLost: limitedMessages(options.onMessage) })
  } finally {
    await learner.close()
  }
}

/** The conversations of some files as sequences. */
export async function readSet(
  run: Pick<Run<unknown>, 'learner' | 'onLost' | 'signal'>,
  data: DataSettings,
  make: (conversation: TrainingConversation, model: TextModel) => Sequence,
  maxTokens: number,
): Promise<TokenisedSet> {
  const { learner, onLost, signal } = run
  const conversations = await readConversations(data.files, { ...data, signal })
  return tokenisedSet(conversations, make, {
    model: learner.base,
    maxTokens,
    onLost: ({ id, at }, why) => onLost(`left out "${id}" (${at}): ${why}`),
    signal,
  })
}

/** Trains, and writes model or adapter and curves, of an interrupted run too. */
export async function trainLearner(
  run: Run<CommonConfig>,
  options: Pick<TrainOptions, 'step' | 'data' | 'steps' | 'evaluation'> & {
    readonly curves: LossCurveOptions
    /** Whatever beside configuration and model decides the numbers. */
    readonly settings?: TrainOptions['settings']
  },
): Promise<LearnResult> {
  const { config, learner, folder, signal } = run
  const { curves: curveOptions, settings, ...training } = options
  const { step, steps } = training
  const result = await train({
    ...training,
    weights: learner.start,
    folder,
    session: learner.settings.session!,
    saveEvery: config.saveEvery,
    logEvery: config.logEvery,
    settings: JSON.parse(JSON.stringify({ config, model: learner.base.fingerprint, ...settings })),
    signal,
    onProgress: run.onProgress,
    onMessage: run.onMessage,
  })
  const learned = await writeLearned(folder, learner, weightsOf(result.state), {
    storedAs: config.output.type,
    merge: config.output.merge,
    signal: new AbortController().signal,
  })
  const curves = await writeCurves(folder, { title: config.name, ...curveOptions })
  return { finished: result.finished, step: result.step, steps: step && steps, curves, ...learned }
}
