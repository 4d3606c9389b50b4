// Losses, stable for any logits, with compact gradients (cross-entropy, binary cross-entropy, Dice: Milletari 2016, focal: Lin 2017).

import { GraphError } from '../error.ts'
import { sameShape, shapeText } from '../size.ts'
import type { Op, Tensor } from '../tensor.ts'
import { makeTensor } from '../tensor.ts'
import { sigmoid, softplus } from './activation.ts'
import {
  abs,
  add,
  divide,
  equal,
  maximum,
  multiply,
  negate,
  not,
  power,
  subtract,
  where,
} from './arithmetic.ts'
import { sum, sumTo } from './broadcast.ts'
import { cast } from './cast.ts'
import { broadcast, needDType, needFloat, sameDType } from './check.ts'
import { gatherElements, oneHot } from './gather.ts'
import { mean } from './reduce.ts'
import { squeeze, unsqueeze } from './shape.ts'
import { logSoftmax, softmax } from './softmax.ts'

export type Reduction = 'mean' | 'sum' | 'none'

function reduced(losses: Tensor, reduction: Reduction | undefined): Tensor {
  if (reduction === 'none') return losses
  return reduction === 'sum' ? sum(losses) : mean(losses)
}

// dx = (softmax(x) - target) dy, without the scatter that differentiating the parts would need.
export const crossEntropyOp: Op = {
  name: 'CrossEntropyOfRows',
  expand: (node) => {
    const [x, targets] = node.inputs as readonly [Tensor, Tensor]
    return [negate(squeeze(gatherElements(logSoftmax(x, -1), unsqueeze(targets, -1), x.rank - 1), -1))]
  },
  gradient: (node, [dy]) => {
    const [x, targets] = node.inputs as readonly [Tensor, Tensor]
    const wanted = oneHot(targets, x.shape[x.rank - 1] as number, { dtype: x.dtype })
    return [multiply(subtract(softmax(x, -1), wanted), unsqueeze(dy!, -1)), undefined]
  },
}

/**
 * Negative log-likelihood of `targets` (int64 [...]) under softmax of logits [..., classes]. Rows whose target is
 * `ignoreIndex` count nothing; the mean is over the rows that count. `smoothing` mixes in the uniform distribution.
 */
export function crossEntropy(
  logits: Tensor,
  targets: Tensor,
  options: { reduction?: Reduction; ignoreIndex?: number; smoothing?: number } = {},
): Tensor {
  needFloat('crossEntropy', logits)
  needDType('crossEntropy targets', targets, 'int32', 'int64')
  const classes = logits.shape[logits.rank - 1]
  if (!sameShape(logits.shape.slice(0, -1), targets.shape) || typeof classes !== 'number') {
    throw new GraphError(
      'shape',
      `crossEntropy: logits ${shapeText(logits.shape)}, targets ${shapeText(targets.shape)}`,
      {
        hint: 'logits [..., classes] with targets [...]',
      },
    )
  }
  const counted = options.ignoreIndex === undefined ? undefined : not(equal(targets, options.ignoreIndex))
  const safe = counted ? where(counted, targets, 0) : targets
  let losses = makeTensor(crossEntropyOp, [logits, safe], logits.dtype, targets.shape)
  const smoothing = options.smoothing ?? 0
  if (smoothing > 0) {
    losses = add(multiply(losses, 1 - smoothing), multiply(mean(logSoftmax(logits, -1), -1), -smoothing))
  }
  if (!counted) return reduced(losses, options.reduction)
  const kept = where(counted, losses, 0)
  if (options.reduction === 'none') return kept
  const total = sum(kept)
  if (options.reduction === 'sum') return total
  return divide(total, maximum(sum(cast(counted, logits.dtype)), 1))
}

export const binaryCrossEntropyOp: Op = {
  name: 'BinaryCrossEntropy',
  expand: (node) => {
    const [x, target] = node.inputs as readonly [Tensor, Tensor]
    return [subtract(softplus(x), multiply(x, target))]
  },
  gradient: (node, [dy], needs) => {
    const [x, target] = node.inputs as readonly [Tensor, Tensor]
    return [
      needs[0] ? sumTo(multiply(dy!, subtract(sigmoid(x), target)), x.shape) : undefined,
      needs[1] ? sumTo(negate(multiply(dy!, x)), target.shape) : undefined,
    ]
  },
}

/** -t log σ(x) - (1 - t) log(1 - σ(x)) of logits x and targets t in [0, 1]. */
export function bceWithLogits(
  logits: Tensor,
  targets: Tensor,
  options: { reduction?: Reduction } = {},
): Tensor {
  needFloat('bceWithLogits', logits)
  sameDType('bceWithLogits', logits, targets)
  const shape = broadcast('bceWithLogits', logits.shape, targets.shape)
  const losses = makeTensor(binaryCrossEntropyOp, [logits, targets], logits.dtype, shape)
  return reduced(losses, options.reduction)
}

/** 1 - (2 Σ p t + smooth) / (Σ p + Σ t + smooth) for each mask, over `axes`; p are probabilities. */
export function diceLoss(
  probabilities: Tensor,
  targets: Tensor,
  options: { axes: readonly number[]; smooth?: number },
): Tensor {
  const smooth = options.smooth ?? 1
  const both = sum(multiply(probabilities, targets), options.axes)
  const each = add(sum(probabilities, options.axes), sum(targets, options.axes))
  return subtract(1, divide(add(multiply(both, 2), smooth), add(each, smooth)))
}

/** Binary cross-entropy weighted by (1 - p_t)^gamma, and by alpha on positives, 1 - alpha on negatives; unreduced. */
export function focalLoss(
  logits: Tensor,
  targets: Tensor,
  options: { alpha?: number; gamma?: number } = {},
): Tensor {
  const losses = bceWithLogits(logits, targets, { reduction: 'none' })
  const p = sigmoid(logits)
  const missed = subtract(add(p, targets), multiply(multiply(p, targets), 2))
  const weighted = multiply(losses, power(missed, options.gamma ?? 2))
  const alpha = options.alpha ?? 0.25
  if (alpha < 0) return weighted
  return multiply(weighted, add(multiply(targets, 2 * alpha - 1), 1 - alpha))
}

/** Mean of squared differences. */
export function meanSquaredError(a: Tensor, b: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  const difference = subtract(a, b)
  return reduced(multiply(difference, difference), options.reduction)
}

/** Mean of absolute differences. */
export function meanAbsoluteError(a: Tensor, b: Tensor, options: { reduction?: Reduction } = {}): Tensor {
  return reduced(abs(subtract(a, b)), options.reduction)
}
