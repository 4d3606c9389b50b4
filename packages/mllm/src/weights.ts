// The weights of a model's folder: opened, checked against config.json, referenced in place, rows of the embedding table read one by one.
import { closeSync, openSync, readSync, realpathSync } from 'node:fs'
import type { Checkpoint, TensorInfo } from '@maskwords/checkpoint'
import {
  CheckpointError,
  float32FromBfloat16,
  float32FromFloat16,
  openCheckpointFile,
} from '@maskwords/checkpoint'
import type { FileWeight } from '@maskwords/graph'
import { fileWeight } from '@maskwords/graph'
import type { QwenConfig } from '@maskwords/models'
import { qwenKey, qwenPrefixes } from '@maskwords/models'
import { MllmError } from './error.ts'

export type ModelWeights = {
  readonly checkpoint: Checkpoint
  /** For `buildModel`: places in the files; the networks' names are looked up under all that checkpoints use. */
  readonly places: (name: string, shape: readonly number[]) => FileWeight
  /** What the files know of a network's weight. */
  find(name: string): TensorInfo | undefined
  /** A weight's numbers. */
  read(name: string): Promise<Float32Array>
  readonly files: readonly string[]
  /** Of all weights. */
  readonly bytes: number
  close(): Promise<void>
}

/** Where to look and what to do, for errors of damaged files. */
function damaged(error: unknown, path: string): MllmError {
  if (!(error instanceof CheckpointError)) throw error
  const code =
    error.code === 'missing' ? 'not-found' : error.code === 'unsupported' ? 'unsupported' : 'damaged'
  const cut = error.code === 'truncated' || error.code === 'missing'
  const hint = cut ? `fetch it again: the download of ${error.file ?? path} was not finished` : error.hint
  return new MllmError(code, error.message, { cause: error, ...(hint ? { hint } : {}) })
}

/**
 * Opens the checkpoint of a folder.
 * @throws MllmError `damaged` for a shard that is cut short or not there, `unsupported` for stored types that the engine lacks.
 */
export async function openModelWeights(path: string, config: QwenConfig): Promise<ModelWeights> {
  let checkpoint: Checkpoint
  try {
    checkpoint = await openCheckpointFile(path)
  } catch (error) {
    throw damaged(error, path)
  }
  const find = (name: string): TensorInfo | undefined => {
    const key = qwenKey(checkpoint.tensors, name, config.family)
    return key === undefined ? undefined : checkpoint.tensors.get(key)
  }
  // ONNX Runtime follows no symbolic links, of which hub caches are made.
  const real = new Map<string, string>()
  const place = (info: TensorInfo): FileWeight => {
    let file = real.get(info.file)
    if (file === undefined) {
      file = realpathSync(info.file)
      real.set(info.file, file)
    }
    return { ...fileWeight(info), path: file }
  }
  const need = (name: string, shape?: readonly number[]): TensorInfo => {
    const info = find(name)
    if (info === undefined) {
      throw new MllmError('damaged', `${path}: the checkpoint has no weight "${name}"`, {
        hint: 'is config.json the one of these weights?',
      })
    }
    if (shape && String(info.shape) !== String(shape)) {
      throw new MllmError(
        'damaged',
        `${path}: "${info.name}" is [${info.shape}], config.json says [${shape}]`,
        { hint: 'is config.json the one of these weights?' },
      )
    }
    return info
  }
  // Sizes are checked before a long load, and the name of the missing part is said.
  const { text, family } = config
  need(`${qwenPrefixes(family).text}.embed_tokens.weight`, [text.vocabularySize, text.width])
  return {
    checkpoint,
    find,
    files: [...new Set([...checkpoint.tensors.values()].map(({ file }) => file))].sort(),
    bytes: [...checkpoint.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
    places: (name, shape) => place(need(name, shape)),
    async read(name) {
      try {
        return await checkpoint.read(need(name).name, { as: 'float32' })
      } catch (error) {
        throw damaged(error, path)
      }
    },
    close: () => checkpoint.close(),
  }
}

/** Rows of a matrix in a file, read when they are asked for: [ids, width]. */
export type RowReader = {
  read(ids: ArrayLike<number>, out: Float32Array): void
  /** Neighbouring rows: [count, width]. */
  range(start: number, count: number): Float32Array
  close(): void
}

/**
 * Reads rows of the embedding table: a few kilobytes a token, so that the table takes no memory.
 * @throws MllmError `unsupported` where the table does not lie in one piece, or is of a type that is not float.
 */
export function openRows(info: TensorInfo): RowReader {
  const [rows, width] = info.shape as readonly [number, number]
  const bytes = { float32: 4, float16: 2, bfloat16: 2 }[info.dtype as 'float32']
  if (!info.inPlace || bytes === undefined) {
    throw new MllmError('unsupported', `${info.file}: "${info.name}" is stored as ${info.dtype}`, {
      hint: 'save the checkpoint as safetensors in float32, float16 or bfloat16',
    })
  }
  const file = openSync(info.file, 'r')
  const range = (start: number, count: number): Float32Array => {
    if (!(start >= 0 && start + count <= rows)) {
      throw new MllmError('argument', `row ${start} of "${info.name}": the model has ${rows}`)
    }
    const read = new Uint8Array(count * width * bytes)
    const at = info.byteOffset + start * width * bytes
    for (let done = 0; done < read.length; ) {
      const more = readSync(file, read, done, read.length - done, at + done)
      if (more === 0) throw new MllmError('damaged', `${info.file} ends inside "${info.name}"`)
      done += more
    }
    if (bytes === 4) return new Float32Array(read.buffer)
    const half = new Uint16Array(read.buffer)
    return info.dtype === 'bfloat16' ? float32FromBfloat16(half) : float32FromFloat16(half)
  }
  return {
    read(ids, out) {
      for (let i = 0; i < ids.length; i++) out.set(range(ids[i]!, 1), i * width)
    },
    range,
    close: () => closeSync(file),
  }
}
