// Batches by number: what a training run asks of its data.
import type { Feeds } from '@maskwords/graph'

/**
 * Batches by number, from 0. The same number gives the same batch, whatever was asked before: that makes a resumed run
 * meet the data that the interrupted one would have met.
 */
export type BatchSource = {
  readonly batch: (index: number) => Feeds | Promise<Feeds>
  readonly close?: () => Promise<void>
}
