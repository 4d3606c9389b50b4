// The one front of all checkpoint formats: open by content, list tensors, read them on demand.
import { type ByteSource, type NamedBytes, namedBytes } from './bytes.ts'
import { DETECTION_BYTES, detectFile } from './detect.ts'
import { CheckpointError } from './error.ts'
import type { PickleLimits } from './pickle.ts'
import type { PickleValue } from './pickle-values.ts'
import { readSafetensorsHeader } from './safetensors.ts'
import { readShardIndex } from './shards.ts'
import {
  type ReadAs,
  type ReadResult,
  type ReadTensorOptions,
  readTensor,
  type TensorInfo,
} from './tensor.ts'
import { readTorchLegacy, readTorchZip, type TorchFile } from './torch.ts'
import type { TensorGroup } from './torch-contents.ts'
import { readZipDirectory } from './zip.ts'

export type CheckpointFormat = 'safetensors' | 'torch' | 'torch-legacy' | 'sharded'

export type OpenCheckpointOptions = {
  /** What errors and `TensorInfo.file` call the file. */
  name: string
  /** Opens a shard by its plain file name; needed for `*.index.json` only. Return undefined where there is no such file. */
  openShard?: (fileName: string) => Promise<ByteSource | undefined>
  /** What errors and `TensorInfo.file` call a shard (default: its file name). */
  shardName?: (fileName: string) => string
  /** Torch files: the path of the dict to list, such as 'optimizer.state'; '' lists everything. Default: the state dict. */
  group?: string
  /** Torch files: prefixes taken off names where every name has them (default `KNOWN_PREFIXES`; [] keeps names as stored). */
  stripPrefixes?: readonly string[]
  /** Torch files: other bounds for the pickle than `PICKLE_LIMITS`. */
  pickleLimits?: Partial<PickleLimits>
}

/** An open checkpoint. Close it when done; tensors that were read stay valid. */
export type Checkpoint = {
  readonly format: CheckpointFormat
  readonly name: string
  readonly tensors: ReadonlyMap<string, TensorInfo>
  /** safetensors: `__metadata__`; torch: "version" and "byteorder"; sharded: the index's metadata. */
  readonly metadata: ReadonlyMap<string, string>
  /** Torch files: every place that holds tensors, and the one that `tensors` lists. */
  readonly groups: readonly TensorGroup[]
  readonly group: string
  /** Torch files: all that the pickle held, as data (step counters, configurations); undefined for other formats. */
  readonly contents: PickleValue | undefined
  /** What a careful person should know: tensors left out, sizes that disagree. */
  readonly notes: readonly string[]
  /**
   * Reads one tensor, row-major; see `ReadTensorOptions.as`.
   * @throws CheckpointError `missing` with near names for an unknown name; `truncated`, `io`, `too-large`, `unsupported`.
   */
  read<As extends ReadAs = 'native'>(name: string, options?: ReadTensorOptions<As>): Promise<ReadResult<As>>
  close(): Promise<void>
}

/**
 * Opens a checkpoint, whatever its format: safetensors, a torch file (ZIP or legacy), or the index of a sharded one. Only headers are
 * read; nothing in the file is ever executed. Takes over the source: it is closed with the checkpoint, and when opening fails.
 * @throws CheckpointError with the reason and a hint: `not-a-checkpoint` (web page, Git LFS pointer, GGUF, ONNX ...), `truncated`,
 * `malformed`, `forbidden`, `too-large`, `unsupported`, `missing` (shards or tensors of an index), `io`.
 */
export async function openCheckpoint(
  source: ByteSource,
  options: OpenCheckpointOptions,
): Promise<Checkpoint> {
  const bytes = namedBytes(source, options.name)
  try {
    return await openNamed(bytes, options)
  } catch (error) {
    await bytes.close().catch(() => {})
    throw error
  }
}

async function openNamed(bytes: NamedBytes, options: OpenCheckpointOptions): Promise<Checkpoint> {
  const file = bytes.name
  const head = await bytes.read(0, Math.min(DETECTION_BYTES, bytes.byteLength), 'the beginning of the file')
  const kind = detectFile(head, { file, byteLength: bytes.byteLength })
  const torch = { group: options.group, stripPrefixes: options.stripPrefixes, limits: options.pickleLimits }
  switch (kind) {
    case 'safetensors': {
      const { tensors, metadata } = await readSafetensorsHeader(bytes)
      const plain = { groups: [], group: '', contents: undefined, notes: [] }
      return checkpointOf(
        { format: 'safetensors', name: file, tensors, metadata, ...plain },
        new Map([[file, bytes]]),
      )
    }
    case 'zip': {
      const directory = await readZipDirectory(bytes)
      if (![...directory.entries.keys()].some((name) => /^[^/]+\/data\.pkl$/.test(name))) {
        const numpy = [...directory.entries.keys()].some((name) => name.endsWith('.npy'))
        throw new CheckpointError(
          'not-a-checkpoint',
          numpy
            ? 'this is a numpy archive (.npz)'
            : 'this ZIP archive holds no data.pkl, so torch.save did not write it',
          { file, hint: 'Unpack it and open the checkpoint inside, or convert it to safetensors in Python.' },
        )
      }
      return torchCheckpoint('torch', bytes, await readTorchZip(bytes, directory, torch))
    }
    case 'torch-legacy':
      return torchCheckpoint('torch-legacy', bytes, await readTorchLegacy(bytes, torch))
    case 'pickle':
      throw new CheckpointError('not-a-checkpoint', 'this is a plain pickle, not a file of torch.save', {
        file,
        hint: 'Use readPickle for data sets; for weights, save them with torch.save or as safetensors.',
      })
    case 'shard-index':
      return openShards(bytes, options)
  }
}

function torchCheckpoint(format: CheckpointFormat, bytes: NamedBytes, torch: TorchFile): Checkpoint {
  return checkpointOf({ format, name: bytes.name, ...torch }, new Map([[bytes.name, bytes]]))
}

function checkpointOf(
  facts: Omit<Checkpoint, 'read' | 'close'>,
  sources: ReadonlyMap<string, NamedBytes>,
): Checkpoint {
  return {
    ...facts,
    async read<As extends ReadAs = 'native'>(name: string, options?: ReadTensorOptions<As>) {
      const info = facts.tensors.get(name)
      if (info === undefined) throw missingTensor(name, facts)
      return readTensor(sources.get(info.file)!, info, options)
    },
    async close() {
      for (const source of sources.values()) await source.close()
    },
  }
}

function missingTensor(name: string, facts: Pick<Checkpoint, 'name' | 'tensors'>): CheckpointError {
  const last = name.split('.').slice(-2).join('.')
  const near = [...facts.tensors.keys()].filter((other) => other.endsWith(last)).slice(0, 3)
  return new CheckpointError('missing', `the checkpoint has no such tensor among its ${facts.tensors.size}`, {
    file: facts.name,
    entry: name,
    hint: near.length > 0 ? `It has: ${near.join(', ')}.` : 'List `tensors` to see the names.',
  })
}

async function openShards(bytes: NamedBytes, options: OpenCheckpointOptions): Promise<Checkpoint> {
  const file = bytes.name
  const index = await readShardIndex(bytes)
  const { openShard } = options
  if (openShard === undefined) {
    throw new CheckpointError(
      'missing',
      'this is the index of a sharded checkpoint, and no way to open its shards was given',
      {
        file,
        hint: 'Pass openShard, or use openCheckpointFile with the path of the index or its folder.',
      },
    )
  }
  const opened = new Map<string, Checkpoint>()
  const close = async (): Promise<void> => {
    for (const shard of opened.values()) await shard.close()
    await bytes.close()
  }
  try {
    const absent: string[] = []
    for (const name of index.shards) {
      const source = await openShard(name)
      if (source === undefined) {
        absent.push(name)
        continue
      }
      const shard = await openCheckpoint(source, {
        ...options,
        name: options.shardName?.(name) ?? name,
        stripPrefixes: options.stripPrefixes ?? [],
      })
      opened.set(name, shard)
    }
    if (absent.length > 0) {
      throw new CheckpointError(
        'missing',
        `${absent.length} of ${index.shards.length} shards are not there`,
        {
          file,
          entry: absent[0],
          hint: `Fetch: ${absent.slice(0, 10).join(', ')}${absent.length > 10 ? ', ...' : ''}.`,
        },
      )
    }
    return joinShards(file, index, opened, close)
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

function joinShards(
  file: string,
  index: Awaited<ReturnType<typeof readShardIndex>>,
  opened: ReadonlyMap<string, Checkpoint>,
  close: () => Promise<void>,
): Checkpoint {
  const tensors = new Map<string, TensorInfo>()
  const lacking: string[] = []
  let totalBytes = 0
  for (const [name, shard] of index.weightMap) {
    const info = opened.get(shard)!.tensors.get(name)
    if (info === undefined) lacking.push(`${name} in ${shard}`)
    else {
      tensors.set(name, info)
      totalBytes += info.byteLength
    }
  }
  if (lacking.length > 0) {
    throw new CheckpointError('missing', `${lacking.length} tensors of the index are not in their shards`, {
      file,
      entry: lacking[0],
      hint: `The index and the shards are of different models or versions: ${lacking.slice(0, 5).join('; ')}.`,
    })
  }
  const notes = [...opened.values()].flatMap((shard) => shard.notes)
  // Published indexes count tied tensors twice, so a wrong total is worth a note and no more.
  if (index.totalSizeBytes !== undefined && index.totalSizeBytes !== totalBytes) {
    notes.push(`the index says ${index.totalSizeBytes} bytes of tensors, the shards hold ${totalBytes}`)
  }
  const unlisted = [...opened.values()].reduce((sum, shard) => sum + shard.tensors.size, 0) - tensors.size
  if (unlisted > 0) notes.push(`${unlisted} tensors in the shards are not in the index and were left out`)
  const facts = { format: 'sharded' as const, name: file, tensors, metadata: index.metadata, notes }
  return {
    ...facts,
    groups: [],
    group: '',
    contents: undefined,
    async read<As extends ReadAs = 'native'>(name: string, options?: ReadTensorOptions<As>) {
      const shard = index.weightMap.get(name)
      if (shard === undefined) throw missingTensor(name, facts)
      return opened.get(shard)!.read(name, options)
    },
    close,
  }
}
