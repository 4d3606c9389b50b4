// How many masks or prompts go through a network at once: groups whose activations fit in memory. Definition: ours.
import { planBatches } from '@maskwords/graph'
import type { CodecCallOptions } from './codec.ts'

export type RunOptions = {
  /** Memory that activations of one run may take; masks or prompts are run in groups that fit. Default 1 GiB. */
  readonly maxRunBytes?: number
}

const DEFAULT_RUN_BYTES = 2 ** 30

/** Groups of `items` of which each takes `bytesPerItem`; one item is a group however large it is. */
export function groupsThatFit(
  items: number,
  bytesPerItem: number,
  maxRunBytes = DEFAULT_RUN_BYTES,
): { start: number; end: number }[] {
  return planBatches({ items, bytesPerItem, limitBytes: Math.max(maxRunBytes, bytesPerItem) })
}

/** What a session's run takes of a call. */
export const runOf = ({ signal }: CodecCallOptions): { readonly signal?: AbortSignal } =>
  signal === undefined ? {} : { signal }
