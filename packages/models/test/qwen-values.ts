// A small Qwen model of formula weights through our graphs: the same input and output as interop/python/qwen_values.py.
import { buildModel, input, openSession } from '@maskwords/graph'
import { formulaUnits, formulaWeights } from '../../graph/test/formula-weights.ts'
import type { QwenConfig, QwenVisionConfig } from '../src/index.ts'
import {
  embedTokens,
  patchesOf,
  patchValues,
  placeFeatures,
  qwenLogits,
  qwenText,
  qwenVision,
  readQwenConfig,
  spreadFeatures,
  visionFeeds,
  visionInputs,
  visionLayout,
} from '../src/index.ts'

export type QwenSpec = {
  readonly config: Record<string, unknown>
  readonly grids: readonly [number, number, number][]
  readonly input_ids: readonly number[]
  readonly mm_token_type_ids?: readonly number[]
}

export type QwenValues = {
  /** Row-major: of all positions, [tokens, vocabulary]. */
  readonly logits: readonly number[]
  readonly features?: readonly number[]
  readonly position_ids?: readonly (readonly number[])[]
}

export const int64 = (values: ArrayLike<number>): BigInt64Array =>
  BigInt64Array.from(Array.from(values), BigInt)

/** Place of each token's feature, from 1 on; 0 for text. */
export function featureRows(spec: QwenSpec): number[] {
  let row = 0
  return spec.input_ids.map((_, i) => (spec.mm_token_type_ids?.[i] === 1 ? ++row : 0))
}

/** The whole sequence in one graph: pixels to features to logits. */
export function wholeGraph(config: QwenConfig) {
  const ids = input('ids', 'int64', [1, 'tokens'])
  const positions = input('positions', 'int64', [3, 1, 'tokens'])
  let embeds = embedTokens(ids, config)
  const vision = config.vision as QwenVisionConfig | undefined
  if (vision === undefined) {
    return { logits: qwenLogits(qwenText({ embeds, positions }, config).hidden, config) }
  }
  const rows = input('rows', 'int64', [1, 'tokens'])
  const { features, deepstack } = qwenVision(visionInputs(vision), vision)
  embeds = placeFeatures(embeds, features, rows)
  const more = deepstack.map((tensor) => spreadFeatures(tensor, rows))
  const text = qwenText({ embeds, positions, deepstack: more }, config)
  return { features, logits: qwenLogits(text.hidden, config) }
}

/** Features of the pictures and logits of every position; positions as given, or 0, 1, 2, ... on all axes. */
export async function qwenValues(
  spec: QwenSpec,
  positions?: readonly (readonly number[])[],
): Promise<QwenValues> {
  const config = readQwenConfig(spec.config)
  const tokens = spec.input_ids.length
  const session = await openSession(
    buildModel({ outputs: wholeGraph(config), weights: (name, shape) => formulaWeights(name, shape) }),
    { worker: false, threads: 1 },
  )
  const grids = spec.grids.map(([frames, rows, columns]) => ({ frames, rows, columns }))
  const vision = config.vision as QwenVisionConfig | undefined
  const seen = vision && {
    rows: { data: int64(featureRows(spec)), shape: [1, tokens] },
    ...visionFeeds(
      visionLayout(grids, vision),
      Float32Array.from(
        formulaUnits('pixels', grids.reduce((sum, grid) => sum + patchesOf(grid), 0) * patchValues(vision)),
      ),
    ),
  }
  const axes = positions ?? [0, 1, 2].map(() => spec.input_ids.map((_, i) => i))
  const results = await session.run({
    ids: { data: int64(spec.input_ids), shape: [1, tokens] },
    positions: { data: int64(axes.flat()), shape: [3, 1, tokens] },
    ...seen,
  })
  await session.close()
  const numbers = (name: string) => Array.from(results[name]!.data as Float32Array)
  return { logits: numbers('logits'), ...(seen ? { features: numbers('features') } : {}) }
}
