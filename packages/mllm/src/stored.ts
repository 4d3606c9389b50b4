// A model's weights as its networks are loaded from them: the published files in place, or the 4-bit file beside them.
import type { Checkpoint } from '@maskwords/checkpoint'
import { openCheckpointFile } from '@maskwords/checkpoint'
import type { Rewrite, Tensor, Weights } from '@maskwords/graph'
import { fileWeight, storedBlocks } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { qwenPrefixes } from '@maskwords/models'
import { MllmError } from './error.ts'
import type { Int4Options } from './int4.ts'
import { int4File, schemeOfWeight } from './int4.ts'
import type { ModelWeights, RowReader } from './weights.ts'
import { openModelWeights, openRows } from './weights.ts'

export type StoredModel = {
  readonly config: QwenConfig
  readonly rows: RowReader
  /** The file that weights outside the networks are read from: a detector's. */
  readonly checkpoint?: Checkpoint
  /** What `buildModel` needs to write a graph with these weights. */
  forOutputs(outputs: Readonly<Record<string, Tensor>>): { weights: Weights; rewrite?: Rewrite }
  close(): Promise<void>
}

/** Rows of the embedding table in the published files. */
function embeddingRows(path: string, config: QwenConfig, weights: ModelWeights): RowReader {
  const table = weights.find(`${qwenPrefixes(config.family).text}.embed_tokens.weight`)
  if (table === undefined) throw new MllmError('damaged', `${path}: no embedding table`)
  return openRows(table)
}

/** The published weights, referenced where they lie; bfloat16 and float16 become float32 when the model is loaded. */
export async function openPublished(path: string, config: QwenConfig): Promise<StoredModel> {
  const weights = await openModelWeights(path, config)
  try {
    const rows = embeddingRows(path, config, weights)
    return {
      config,
      rows,
      checkpoint: weights.checkpoint,
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

/** The 4-bit file, made where it is not there; the embedding table stays in the published files, as exact as they are. */
export async function openInt4(
  path: string,
  config: QwenConfig,
  options: Int4Options = {},
): Promise<StoredModel> {
  const weights = await openModelWeights(path, config)
  try {
    const file = await int4File(path, config, weights, options)
    const checkpoint = await openCheckpointFile(file)
    await checkpoint.close()
    const rows = embeddingRows(path, config, weights)
    return {
      config,
      rows,
      checkpoint,
      forOutputs: () => ({
        weights: (name) => {
          const info = checkpoint.tensors.get(name)
          return info && fileWeight(info)
        },
        rewrite: storedBlocks((name) =>
          checkpoint.tensors.has(`${name}.blocks`)
            ? schemeOfWeight(name, weights.find(name)!.shape, config)
            : undefined,
        ),
      }),
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

/** Bytes of all shards of a folder's checkpoint. */
export async function publishedBytes(path: string, config: QwenConfig): Promise<number> {
  const weights = await openModelWeights(path, config)
  await weights.close()
  return weights.bytes
}
