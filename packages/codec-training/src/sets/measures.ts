// What a training step says of itself beside its losses: IoU of the squares, and how evenly codes are chosen.
import {
  cast,
  divide,
  exp,
  greater,
  greaterOrEqual,
  log,
  maximum,
  negate,
  oneHot,
  type Tensor,
} from '@maskwords/graph'

/** Intersection over union of logits above 0 with targets of at least a half, over the last two axes: [..., side, side] -> [...]. */
export function hardIou(logits: Tensor, targets: Tensor): Tensor {
  const plane = [logits.rank - 2, logits.rank - 1]
  const ours = cast(greater(logits, 0), 'float32')
  const theirs = cast(greaterOrEqual(targets, 0.5), 'float32')
  const both = ours.mul(theirs).sum(plane)
  const either = ours.sum(plane).add(theirs.sum(plane)).sub(both)
  return divide(both, maximum(either, 1))
}

/** exp of the entropy of how often each code is chosen; `chosen` int64 of any shape, numbers below `codes`. A scalar. */
export function perplexity(chosen: Tensor, codes: number): Tensor {
  const every = chosen.shape.map((_, axis) => axis)
  const shares = oneHot(chosen, codes).mean(every)
  return exp(negate(shares.mul(log(shares.add(1e-12))).sum()))
}
