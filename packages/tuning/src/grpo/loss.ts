// The loss of learning by reward: GRPO (arXiv 2402.03300) and its kin as TRL 1.16 computes and names them (GRPOTrainer._compute_loss):
// bnpo, dr_grpo (arXiv 2503.20783), dapo (arXiv 2503.14476), each by token or by sequence (GSPO, arXiv 2507.18071).
import type { Feed, Tensor } from '@maskwords/graph'
import {
  add,
  cast,
  clip,
  exp,
  full,
  gather,
  greater,
  input,
  less,
  logSoftmax,
  minimum,
  multiply,
  negate,
  or,
  scatterRows,
  stopGradient,
  subtract,
  sum,
} from '@maskwords/graph'
import type { Learner } from '../model/learner.ts'
import { labelCount } from '../text/feeds.ts'
import type { PackedRow } from '../text/packing.ts'

export type GrpoLossSettings = {
  /**
   * What a token counts. grpo: the mean of an answer's tokens, then of the answers; bnpo and dapo: the mean of all tokens of a batch,
   * or of an update; dr_grpo: the sum over all answers' longest length.
   */
  readonly kind: 'grpo' | 'bnpo' | 'dr_grpo' | 'dapo'
  /** Whether each token has a ratio of its own, or an answer has one: the geometric mean of its tokens'. */
  readonly level: 'token' | 'sequence'
  /** The ratio counts between 1 - epsilon and 1 + epsilonHigh. */
  readonly epsilon: number
  readonly epsilonHigh: number
  /** What the distance to the reference counts; 0 needs no reference. */
  readonly beta: number
  /** The distance is multiplied by the ratio, as TRL does by default (use_bias_correction_kl). */
  readonly klCorrection: boolean
  /** Whether log-probabilities at the time of answering are fed; without, the ratio is 1 and only its gradient counts. */
  readonly old: boolean
}

export type GrpoGraph = {
  readonly loss: Tensor
  /** Shares and means over the tokens of a batch: `clipped`, `entropy`, and `kl` where there is a reference. */
  readonly metrics: Readonly<Record<string, Tensor>>
  readonly logprobs: Tensor
}

/**
 * Beside the inputs of the network, one number a learned token, [labels]: `weights`, `advantages`, `shares` (1 / number of tokens that are fed), and
 * where they are asked for `old` and `reference`; by sequence also `answers` [labels] and `lengths` [answers], 1 / tokens of each.
 */
export function grpoGraph(
  learner: Pick<Learner, 'graph'>,
  settings: GrpoLossSettings,
  options: { temperature?: number } = {},
): GrpoGraph {
  const { beta, epsilon, epsilonHigh } = settings
  const { logits, logprobs } = learner.graph(options)
  const perToken = (name: string) => input(name, 'float32', ['labels'])
  const weights = perToken('weights')
  const advantages = perToken('advantages')
  const shares = perToken('shares')
  const change = subtract(logprobs, settings.old ? perToken('old') : stopGradient(logprobs))
  const ratio = exp(settings.level === 'token' ? change : meanOfAnswers(change))
  const clipped = clip(ratio, { low: 1 - epsilon, high: 1 + epsilonHigh })
  let losses = negate(minimum(multiply(ratio, advantages), multiply(clipped, advantages)))
  const mean = (values: Tensor): Tensor => sum(multiply(stopGradient(values), shares))
  const metrics: Record<string, Tensor> = {
    clipped: mean(cast(isClipped(ratio, advantages, settings), 'float32')),
    entropy: mean(entropyOf(logits)),
  }
  if (beta > 0) {
    const away = subtract(perToken('reference'), logprobs)
    const distance = subtract(subtract(exp(away), away), 1)
    losses = add(losses, multiply(settings.klCorrection ? multiply(distance, ratio) : distance, beta))
    metrics['kl'] = mean(distance)
  }
  return { loss: sum(multiply(losses, weights)), metrics, logprobs }
}

/** The mean over each answer's tokens, at each of its tokens. */
function meanOfAnswers(values: Tensor): Tensor {
  const answers = input('answers', 'int64', ['labels'])
  const lengths = input('lengths', 'float32', ['answers'])
  const sums = scatterRows(full(['answers'], 0), answers, values)
  return gather(multiply(sums, lengths), answers, 0)
}

/** Where the clipped ratio is what counts: below for bad answers, above for good ones. */
function isClipped(ratio: Tensor, advantages: Tensor, { epsilon, epsilonHigh }: GrpoLossSettings): Tensor {
  const side = (beyond: Tensor, bad: Tensor) =>
    cast(multiply(cast(beyond, 'float32'), cast(bad, 'float32')), 'bool')
  return or(
    side(less(ratio, 1 - epsilon), less(advantages, 0)),
    side(greater(ratio, 1 + epsilonHigh), greater(advantages, 0)),
  )
}

function entropyOf(logits: Tensor): Tensor {
  const logs = logSoftmax(logits, -1)
  return negate(sum(multiply(exp(logs), logs), -1))
}

/** One answer of a batch. */
export type JudgedAnswer = {
  readonly advantage: number
  /** Whether its tokens count; an answer that was cut may be left out. */
  readonly counts: boolean
  /** Log-probabilities of its tokens when it was made, and by the reference, where they are needed. */
  readonly old?: ArrayLike<number> | undefined
  readonly reference?: ArrayLike<number> | undefined
  readonly tokens: number
}

/** Sizes that the weights of an update are made of. */
export type UpdateSizes = {
  /** Batches whose mean is an update. */
  readonly batches: number
  /** Answers of a batch. */
  readonly answers: number
  /** Tokens that count: of the batch, and of an update on average over all updates that the answers serve. */
  readonly batchTokens: number
  readonly updateTokens: number
  /** Most tokens of an answer. */
  readonly maxTokens: number
}

/** What a token of an answer counts in its batch. */
function weightOf({ kind }: GrpoLossSettings, { tokens, counts }: JudgedAnswer, sizes: UpdateSizes): number {
  if (!counts) return 0
  switch (kind) {
    case 'grpo':
      return 1 / (sizes.answers * Math.max(1, tokens))
    case 'bnpo':
      return 1 / Math.max(1, sizes.batchTokens)
    case 'dr_grpo':
      return 1 / (sizes.answers * sizes.maxTokens)
    case 'dapo':
      return sizes.batches / Math.max(1, sizes.updateTokens)
  }
}

/** Feeds of `grpoGraph` beside the network's: `judged` has the answers of each row, in the order of its sequences. */
export function grpoFeeds(
  rows: readonly PackedRow[],
  judged: readonly (readonly JudgedAnswer[])[],
  settings: GrpoLossSettings,
  sizes: UpdateSizes,
): Record<string, Feed> {
  const count = labelCount(rows)
  const column = () => new Float32Array(count)
  const [weights, advantages, shares, old, reference] = [column(), column(), column(), column(), column()]
  const answers = new BigInt64Array(count)
  const lengths: number[] = []
  const tokens = judged.flat().reduce((sum, answer) => sum + (answer.counts ? answer.tokens : 0), 0)
  let at = 0
  rows.forEach(({ labels }, r) => {
    const first = lengths.length
    const own = judged[r]!
    lengths.push(...own.map(({ tokens, counts }) => (counts ? 1 / Math.max(1, tokens) : 0)))
    const within = own.map(() => 0)
    for (const number of labels.sequence) {
      const answer = own[number]!
      const token = within[number]!++
      weights[at] = weightOf(settings, answer, sizes)
      advantages[at] = answer.counts ? answer.advantage : 0
      shares[at] = answer.counts ? 1 / tokens : 0
      if (settings.old) old[at] = answer.old![token]!
      if (settings.beta > 0) reference[at] = answer.reference![token]!
      answers[at++] = BigInt(first + number)
    }
  })
  const feed = (data: Float32Array | BigInt64Array): Feed => ({ data, shape: [data.length] })
  return {
    weights: feed(weights),
    advantages: feed(advantages),
    shares: feed(shares),
    ...(settings.old && { old: feed(old) }),
    ...(settings.beta > 0 && { reference: feed(reference) }),
    ...(settings.level === 'sequence' && {
      answers: feed(answers),
      lengths: feed(Float32Array.from(lengths)),
    }),
  }
}
