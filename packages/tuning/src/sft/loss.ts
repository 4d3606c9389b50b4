// The loss of fine-tuning: the mean of -log p over all learned tokens of an update, whatever conversation they are of (transformers'
// Trainer with num_items_in_batch, which TRL's SFTTrainer uses).
import type { Feed, Tensor } from '@maskwords/graph'
import { input, multiply, negate, sum } from '@maskwords/graph'
import type { Learner } from '../model/learner.ts'
import { labelCount } from '../text/feeds.ts'
import type { PackedRow } from '../text/packing.ts'

export type SftGraph = { readonly loss: Tensor; readonly logprobs: Tensor }

/** Beside the inputs of the network: `weights` [labels], what each token counts. */
export function sftGraph(learner: Pick<Learner, 'graph'>): SftGraph {
  const { logprobs } = learner.graph()
  const weights = input('weights', 'float32', ['labels'])
  return { logprobs, loss: negate(sum(multiply(logprobs, weights))) }
}

/**
 * The weights of one batch of an update. An update is the mean over its `batches`, so a batch counts that many times its share
 * of all learned tokens of the update.
 */
export function sftWeights(
  rows: readonly PackedRow[],
  update: { tokens: number; batches: number },
): Record<string, Feed> {
  const data = new Float32Array(labelCount(rows)).fill(update.batches / update.tokens)
  return { weights: { data, shape: [data.length] } }
}
