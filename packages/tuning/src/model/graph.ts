// The network that is trained: rows of packed sequences to the log-probabilities of the tokens that are learned. The same decoder and
// the same eyes that answer questions (packages/models/src/qwen).
import type { Tensor } from '@maskwords/graph'
import { crossEntropy, gather, input, multiply, negate, topologicalOrder } from '@maskwords/graph'
import type { QwenConfig, QwenGraphOptions } from '@maskwords/models'
import { embedTokens, placeFeatures, qwenLogits, qwenText, spreadFeatures } from '@maskwords/models'
import type { TrainingEyes } from './eyes.ts'

export type LanguageGraph = {
  /** [labels, vocabulary]: scores of what may be said at the place of each learned token. */
  readonly logits: Tensor
  /** [labels] int64: the learned tokens, an input. */
  readonly labels: Tensor
  /** [labels]: natural logarithm of the probability of each learned token. */
  readonly logprobs: Tensor
}

export type LanguageGraphOptions = QwenGraphOptions & {
  /** Scores are divided by it before they become probabilities. Default 1. */
  readonly temperature?: number
}

/**
 * Inputs (text/feeds.ts feeds them): ids, segments, vectors [rows, tokens], positions [3, rows, tokens], places and labels [labels];
 * those of the eyes.
 */
export function languageGraph(
  config: QwenConfig,
  eyes: TrainingEyes | undefined,
  options: LanguageGraphOptions = {},
): LanguageGraph {
  const tokens = ['rows', 'tokens'] as const
  const vectors = input('vectors', 'int64', tokens)
  const seen = eyes?.graph(options)
  const words = embedTokens(input('ids', 'int64', tokens), config)
  const { hidden } = qwenText(
    {
      embeds: seen ? placeFeatures(words, seen.features, vectors) : words,
      positions: input('positions', 'int64', [3, ...tokens]),
      segments: input('segments', 'int64', tokens),
      deepstack: seen?.deepstack.map((tensor) => spreadFeatures(tensor, vectors)) ?? [],
    },
    config,
    options,
  )
  const places = input('places', 'int64', ['labels'])
  const picked = gather(hidden.reshape([-1, config.text.width]), places, 0)
  const raw = qwenLogits(picked, config)
  const { temperature = 1 } = options
  const logits = temperature === 1 ? raw : multiply(raw, 1 / temperature)
  const labels = input('labels', 'int64', ['labels'])
  return { logits, labels, logprobs: negate(crossEntropy(logits, labels, { reduction: 'none' })) }
}

/** Names of the inputs that the tensors are made of. */
export function inputNames(tensors: readonly Tensor[]): Set<string> {
  const leaves = topologicalOrder(tensors).flatMap(({ leaf }) => (leaf?.kind === 'input' ? [leaf.name] : []))
  return new Set(leaves)
}
