// Sharded checkpoints: an index file (model.safetensors.index.json, pytorch_model.bin.index.json) names the file of every tensor.
// Format: Hugging Face transformers, "weight_map" and "metadata.total_size".
import type { NamedBytes } from './bytes.ts'
import { CheckpointError } from './error.ts'
import { parseStrictJson } from './json.ts'

/** Indexes of the largest published models (60,000 tensors) take some 6 MB. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024
/** The largest published models come in some 200 shards. */
const MAX_SHARDS = 10_000

export type ShardIndex = {
  /** Tensor name to shard file name, in the order of the index. */
  weightMap: Map<string, string>
  /** Shard names, sorted. */
  shards: string[]
  totalSizeBytes: number | undefined
  metadata: Map<string, string>
}

/**
 * Reads and checks an index. Shards must be plain file names: nothing that leads out of the folder.
 * @throws CheckpointError `malformed`, `forbidden` (a shard name with a path), `too-large`.
 */
export async function readShardIndex(source: NamedBytes): Promise<ShardIndex> {
  const file = source.name
  if (source.byteLength > MAX_INDEX_BYTES) {
    throw new CheckpointError(
      'too-large',
      `an index of ${source.byteLength} bytes; the limit is ${MAX_INDEX_BYTES}`,
      {
        file,
      },
    )
  }
  const root = parseStrictJson(await source.read(0, source.byteLength, 'the index'), { file })
  const map = root instanceof Map ? root.get('weight_map') : undefined
  if (!(root instanceof Map) || !(map instanceof Map)) {
    throw new CheckpointError('malformed', 'the index has no weight_map object', { file })
  }
  for (const [tensor, shard] of map) {
    if (typeof shard !== 'string') {
      throw new CheckpointError('malformed', 'a tensor of the weight_map has no file name', {
        file,
        entry: tensor,
      })
    }
    checkShardName(shard, file)
  }
  const weightMap = map as Map<string, string>
  const shards = [...new Set(weightMap.values())].sort()
  if (shards.length > MAX_SHARDS) {
    throw new CheckpointError('too-large', `${shards.length} shards; the limit is ${MAX_SHARDS}`, { file })
  }
  const described = root.get('metadata')
  const metadata = new Map<string, string>()
  if (described instanceof Map) {
    for (const [key, value] of described) {
      if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
        metadata.set(key, String(value))
      }
    }
  }
  const total = described instanceof Map ? described.get('total_size') : undefined
  return { weightMap, shards, totalSizeBytes: typeof total === 'number' ? total : undefined, metadata }
}

function checkShardName(name: string, file: string): void {
  let control = false
  for (let i = 0; i < name.length; i++) control ||= name.charCodeAt(i) < 0x20
  if (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !/[/\\:]/.test(name) &&
    !control &&
    !name.endsWith('.index.json')
  ) {
    return
  }
  throw new CheckpointError('forbidden', 'the index names a shard that is no plain file beside it', {
    file,
    entry: name,
    hint: 'Shards are siblings of their index, such as model-00001-of-00002.safetensors.',
  })
}
