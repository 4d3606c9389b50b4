// A model's weights as its networks are loaded from them: the published files in place, or the 4-bit file beside them.
import type { Rewrite, Tensor, Weights } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { qwenPrefixes } from '@maskwords/models'
import { MllmError } from './error.ts'
import type { RowReader } from './weights.ts'
import { openModelWeights, openRows } from './weights.ts'

export type StoredModel = {
  readonly config: QwenConfig
  readonly rows: RowReader
  /** What `buildModel` needs to write a graph with these weights. */
  forOutputs(outputs: Readonly<Record<string, Tensor>>): { weights: Weights; rewrite?: Rewrite }
  close(): Promise<void>
}

/** The published weights, referenced where they lie; bfloat16 and float16 become float32 when the model is loaded. */
export async function openPublished(path: string, config: QwenConfig): Promise<StoredModel> {
  const weights = await openModelWeights(path, config)
  try {
    const table = weights.find(`${qwenPrefixes(config.family).text}.embed_tokens.weight`)
    if (table === undefined) throw new MllmError('damaged', `${path}: no embedding table`)
    const rows = openRows(table)
    return {
      config,
      rows,
      forOutputs: () => ({ weights: weights.places }),
      async close() {
        rows.close()
        await weights.close()
      },
    }
  } catch (error) {
    await weights.close()
    throw error
  }
}
