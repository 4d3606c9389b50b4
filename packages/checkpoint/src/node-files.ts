// Checkpoints on a Node file system: reading by range, writing under a temporary name that is renamed when whole.
// node: modules load inside the functions, so that a browser bundle which never calls them never needs them.
import { messageOf } from '@maskwords/base'
import type { ByteSource } from './bytes.ts'
import { type Checkpoint, type OpenCheckpointOptions, openCheckpoint } from './checkpoint.ts'
import { CheckpointError } from './error.ts'
import {
  planSafetensors,
  type SafetensorsPlan,
  streamSafetensors,
  type WriteSafetensorsOptions,
} from './safetensors-write.ts'
import { temporaryBeside } from './temporary.ts'

/** One read system call takes at most 2^31 - 1 bytes (Linux: 4096 less); larger reads go in pieces. */
const MAX_READ_BYTES = 1024 * 1024 * 1024

/**
 * Opens a file for reads by range; symbolic links are followed (hub caches are made of them). Call `close()` when done.
 * @throws CheckpointError `missing` where there is no such file, `io` for other failures and for what is no regular file.
 */
export async function openFileBytes(path: string): Promise<ByteSource & { close(): Promise<void> }> {
  const { open } = await import('node:fs/promises')
  const handle = await open(path, 'r').catch((cause: unknown) => {
    throw ioError(cause, path, 'opening')
  })
  let byteLength: number
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) throw new CheckpointError('io', 'this is not a regular file', { file: path })
    byteLength = stat.size
  } catch (cause) {
    await handle.close()
    throw cause
  }
  return {
    byteLength,
    async read(offset, length) {
      const out = new Uint8Array(length)
      let done = 0
      while (done < length) {
        const wanted = Math.min(length - done, MAX_READ_BYTES)
        const { bytesRead } = await handle.read(out, done, wanted, offset + done)
        if (bytesRead === 0) return out.subarray(0, done)
        done += bytesRead
      }
      return out
    },
    close: () => handle.close(),
  }
}

/**
 * Writes a safetensors file, one tensor in memory at a time. The bytes go to a temporary file beside the target, are flushed to the
 * disk and renamed: a reader sees the old file or the whole new one, never a part. Returns where every tensor lies.
 * @throws CheckpointError as `streamSafetensors`, or `io`; the temporary file is then removed and the target left as it was.
 */
export async function writeSafetensorsFile(
  path: string,
  options: WriteSafetensorsOptions & { signal?: AbortSignal },
): Promise<SafetensorsPlan> {
  const plan = planSafetensors(options)
  const { open, rename, rm } = await import('node:fs/promises')
  const temporary = temporaryBeside(path)
  const handle = await open(temporary, 'wx').catch((cause: unknown) => {
    throw ioError(cause, path, 'creating')
  })
  try {
    try {
      for await (const piece of streamSafetensors(options)) {
        options.signal?.throwIfAborted()
        for (let done = 0; done < piece.length; ) {
          const { bytesWritten } = await handle.write(
            piece,
            done,
            Math.min(piece.length - done, MAX_READ_BYTES),
          )
          done += bytesWritten
        }
      }
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    if (cause instanceof CheckpointError || options.signal?.aborted || !isSystemError(cause)) throw cause
    throw ioError(cause, path, 'writing')
  }
  return plan
}

function isSystemError(cause: unknown): boolean {
  return cause instanceof Error && 'syscall' in cause
}

function ioError(cause: unknown, path: string, doing: string): CheckpointError {
  const code = (cause as { code?: string } | undefined)?.code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new CheckpointError('missing', 'there is no such file or folder', { file: path, cause })
  }
  const hint =
    code === 'ENOSPC'
      ? 'The disk is full: make room and run it again; the old file is untouched.'
      : code === 'EACCES' || code === 'EPERM'
        ? 'Check the permissions of the file and its folder.'
        : undefined
  return new CheckpointError('io', `${doing} failed: ${messageOf(cause)}`, { file: path, cause, hint })
}

/** What a folder is searched for, in this order; a single file of another name with these endings is taken too. */
const FOLDER_CANDIDATES: readonly string[] = [
  'model.safetensors.index.json',
  'model.safetensors',
  'pytorch_model.bin.index.json',
  'pytorch_model.bin',
]

/**
 * Opens a checkpoint file, or the one in a folder, with its shards. `name` and `TensorInfo.file` are full paths.
 * @throws CheckpointError as `openCheckpoint`; `missing` where a folder has no checkpoint, or more than one to choose from.
 */
export async function openCheckpointFile(
  path: string,
  options: Omit<OpenCheckpointOptions, 'name' | 'openShard' | 'shardName'> = {},
): Promise<Checkpoint> {
  const { readdir, stat } = await import('node:fs/promises')
  const { dirname, join, resolve } = await import('node:path')
  const full = resolve(path)
  const found = await stat(full).catch((cause: unknown) => {
    throw ioError(cause, full, 'opening')
  })
  const file = found.isDirectory() ? join(full, chooseFile(await readdir(full), full)) : full
  const folder = dirname(file)
  return openCheckpoint(await openFileBytes(file), {
    ...options,
    name: file,
    openShard: async (name) => {
      try {
        return await openFileBytes(join(folder, name))
      } catch (error) {
        if (error instanceof CheckpointError && error.code === 'missing') return undefined
        throw error
      }
    },
    shardName: (name) => join(folder, name),
  })
}

function chooseFile(names: readonly string[], folder: string): string {
  const known = FOLDER_CANDIDATES.find((name) => names.includes(name))
  if (known !== undefined) return known
  const others = names.filter((name) => /\.(?:safetensors|pth|pt|bin)$/.test(name)).sort()
  if (others.length === 1) return others[0]
  throw new CheckpointError(
    'missing',
    others.length === 0 ? 'the folder holds no checkpoint' : `the folder holds ${others.length} checkpoints`,
    {
      file: folder,
      hint:
        others.length === 0
          ? `Looked for ${FOLDER_CANDIDATES.join(', ')}.`
          : `Name one of them: ${others.slice(0, 8).join(', ')}.`,
    },
  )
}
