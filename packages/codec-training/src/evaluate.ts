// What a network is worth on pictures it was not trained on, while it is trained: the reconstruction benchmark on some of them.

import {
  choosePictures,
  type PlannedPicture,
  parseHoldout,
  planTruth,
  truthPictures,
} from '@maskwords/benchmarks'
import { createHiMTok, createSamTok, type MaskCodec } from '@maskwords/codecs'
import { evaluateReconstruction } from '@maskwords/eval'
import { isTypedError } from '@maskwords/files'
import type { TrainConfig } from './config.ts'
import { codecWeights, type NamedWeights } from './stages.ts'

/** Regions of at least 1 % of their picture, as the benchmark counts them. */
const MIN_SHARE = 0.01
/** Lengths at which a tokenizer whose prefixes decode is looked at. */
const LENGTHS = [4, 8, 16]

/** `config` is that of the stage the weights are from. */
export type Evaluator = (
  config: TrainConfig,
  weights: NamedWeights,
  signal: AbortSignal,
) => Promise<Record<string, number>>

/** A codec of a configuration with weights in memory. */
export async function openTrained(
  config: TrainConfig,
  weights: NamedWeights,
  threads: number,
): Promise<MaskCodec> {
  const all = codecWeights(config, weights)
  const source = (key: string): Float32Array => all.get(key)!.data
  const common = { weights: source, name: config.name, session: { threads } }
  return config.codec === 'samtok'
    ? ((await createSamTok({ ...common, config: config.network })) as MaskCodec)
    : ((await createHiMTok({ ...common, config: config.network })) as MaskCodec)
}

/** Plans the evaluation of a configuration; undefined where it asks for none. */
export async function planEvaluation(
  config: TrainConfig,
  options: { readonly threads: number; readonly signal: AbortSignal },
): Promise<Evaluator | undefined> {
  const { evaluation } = config
  if (evaluation === undefined) return undefined
  const plan = await planTruth({
    truth: evaluation.truth,
    pictures: evaluation.pictures,
    signal: options.signal,
  })
  const chosen = choosePictures(plan.pictures, {
    holdout: evaluation.holdout === undefined ? undefined : parseHoldout(evaluation.holdout),
    ids: undefined,
    limit: evaluation.limit,
  })
  return (staged, weights, signal) => evaluate(staged, chosen, weights, options.threads, signal)
}

async function evaluate(
  config: TrainConfig,
  chosen: readonly PlannedPicture[],
  weights: NamedWeights,
  threads: number,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  const codec = await openTrained(config, weights, threads)
  try {
    const { rows, usage } = await evaluateReconstruction({
      pictures: truthPictures(chosen, {
        minShare: MIN_SHARE,
        skipped: { crowd: 0, small: 0, empty: 0 },
        failures: [],
        maxPixels: undefined,
        signal,
        onPassed: () => {},
      }),
      codecs: [{ name: config.name, codec }],
      boundary: false,
      isFailure: isTypedError,
      signal,
      ...(config.codec === 'himtok'
        ? { lengths: LENGTHS.filter((length) => length < config.network.latents) }
        : {}),
    })
    const result: Record<string, number> = {}
    for (const [method, list] of rows) {
      const length = method.split('@')[1]
      const name = length === undefined ? 'meanIou' : `meanIou${length}`
      result[name] = list.reduce((total, { iou }) => total + iou, 0) / list.length
    }
    for (const [level, { perplexity }] of [...(usage.get(config.name) ?? [])].entries()) {
      result[`perplexity${level + 1}`] = perplexity
    }
    return result
  } finally {
    await codec.close()
  }
}
