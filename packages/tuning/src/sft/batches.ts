// Batches of fine-tuning: planned conversations packed into rows, their pictures looked at, each token weighed against its update.

import { MaskwordsError } from '@maskwords/files'
import type { Feeds } from '@maskwords/graph'
import type { BatchSource } from '@maskwords/train'
import { inputNames } from '../model/graph.ts'
import type { Learner } from '../model/learner.ts'
import { rowFeeds } from '../text/feeds.ts'
import { looker } from '../text/looking.ts'
import { packRow } from '../text/packing.ts'
import type { Sequence } from '../text/sequence.ts'
import { sftGraph, sftWeights } from './loss.ts'

/** Sequences of each batch by its number, row by row. The same number gives the same sequences, whatever was asked before. */
export type SequenceBatches = {
  rows(index: number): Promise<readonly (readonly Sequence[])[]> | readonly (readonly Sequence[])[]
}

export type SftBatchOptions = {
  /** Batches of an update. */
  readonly accumulate: number
  /** Told what is left out, and why. */
  readonly onLost: (why: string) => void
}

const learnedTokens = (rows: readonly (readonly Sequence[])[]): number =>
  rows.flat().reduce((sum, { labelled }) => sum + labelled.reduce((a, b) => a + b, 0), 0)

/** Feeds of the graph of `sftGraph`, batch by batch. */
export function sftBatches(learner: Learner, source: SequenceBatches, options: SftBatchOptions): BatchSource {
  const { accumulate, onLost } = options
  const reads = inputNames([sftGraph(learner).loss])
  const look = looker(learner.eyes, onLost)
  return {
    async batch(index): Promise<Feeds> {
      const first = index - (index % accumulate)
      let tokens = 0
      for (let i = 0; i < accumulate; i++) tokens += learnedTokens(await source.rows(first + i))
      const wanted = await source.rows(index)
      const { sequences, looked } = await look(wanted.flat())
      const left = new Set(sequences)
      const rows = wanted
        .map((row) => row.filter((sequence) => left.has(sequence)))
        .filter((row) => row.length > 0)
        .map(packRow)
      if (rows.length === 0) {
        throw new MaskwordsError('not-found', `no picture of batch ${index} can be read`, {
          hint: 'look at the pictures named above; is "pictures" the folder of their paths?',
        })
      }
      const feeds = {
        ...rowFeeds(rows, looked, learner.eyes),
        ...sftWeights(rows, { tokens, batches: accumulate }),
      }
      return Object.fromEntries(Object.entries(feeds).filter(([name]) => reads.has(name)))
    },
  }
}
