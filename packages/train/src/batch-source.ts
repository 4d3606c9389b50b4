// Batches by number: what a training run asks of its data.
import type { Feeds } from '@maskwords/graph'
import type { JsonValue } from './run-folder.ts'
import type { StepMetrics, Trainer } from './trainer.ts'

/**
 * Batches by number, from 0. The same number gives the same batch, whatever was asked before: that makes a resumed run
 * meet the data that the interrupted one would have met.
 */
export type BatchSource = {
  readonly batch: (index: number) => Feeds | Promise<Feeds>
  readonly close?: () => Promise<void>
}

/** Batches that are made of what the weights of the moment say, such as answers of a language model. None is made ahead. */
export type LiveSource = {
  /** Batch `index`, asked for in order; `accumulate` of them are one update. */
  readonly batch: (index: number) => Promise<Feeds>
  /** Saved with every checkpoint; a resumed run opens its source with it. */
  readonly state: () => JsonValue
  /** Numbers about the batches of the update just done, for the log. */
  readonly metrics: () => StepMetrics
  readonly close?: () => Promise<void>
}

/** Opens a live source over a trainer that holds the weights that the run starts or goes on with. */
export type OpenLiveSource = (
  trainer: Pick<Trainer, 'stepsDone' | 'weights'>,
  saved: JsonValue | undefined,
  signal: AbortSignal,
) => Promise<LiveSource>
