// Files that appear whole or not at all: written under a temporary name beside the target, then renamed.

import { unlinkSync } from 'node:fs'
import { open, realpath, rename, stat, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { messageOf } from '@maskwords/base'
import { makeFolders, temporaryBeside } from '@maskwords/checkpoint'
import { MaskwordsError, throwIfAborted } from '../error.ts'

/** Temporary files that exist right now, for the last clean-up of an interrupted process. */
const unfinished = new Set<string>()

/** Removes what an interrupted process would leave behind. Synchronous: it runs while the process ends. */
export function removeUnfinished(): void {
  for (const path of unfinished) {
    try {
      unlinkSync(path)
    } catch {
      // Already renamed or removed.
    }
  }
  unfinished.clear()
}

/**
 * Writes the bytes to `path`, replacing an earlier file in one step. A link stays, its target is replaced; a device or
 * pipe (`/dev/null`, `/dev/stdout`) is written to, never replaced. Throws MaskwordsError `write-failed`.
 */
export async function writeWhole(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  throwIfAborted(signal)
  try {
    const info = await stat(path).catch(() => undefined)
    if (info === undefined || info.isDirectory()) await replaceFile(path, bytes, signal)
    else if (info.isFile()) await replaceFile(await realpath(path), bytes, signal)
    else await writeThrough(path, bytes, signal)
  } catch (error) {
    throwIfAborted(signal)
    throw writeError(path, error)
  }
}

async function writeThrough(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const handle = await open(path, 'w')
  try {
    await handle.writeFile(bytes, { signal })
  } finally {
    await handle.close()
  }
}

async function replaceFile(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  const temporary = temporaryBeside(path)
  try {
    unfinished.add(temporary)
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(bytes, { signal })
    } finally {
      await handle.close()
    }
    throwIfAborted(signal)
    await rename(temporary, path)
  } catch (error) {
    await unlink(temporary).catch(() => {})
    throw error
  } finally {
    unfinished.delete(temporary)
  }
}

/** Makes a folder (and those above it) where it is missing. */
export async function ensureFolder(path: string): Promise<void> {
  try {
    await makeFolders(path)
  } catch (error) {
    throw writeError(path, error)
  }
}

/** Refuses an output that is one of the inputs: `-o photo.jpg` must not destroy the photograph. */
export async function refuseSameFile(output: string, inputs: readonly string[]): Promise<void> {
  const target = await stat(output).catch(() => undefined)
  if (target === undefined) return
  if (target.isDirectory()) {
    throw new MaskwordsError('usage', 'the output is a folder', {
      file: output,
      hint: `name a file in it, for example ${join(output, 'out.png')}`,
    })
  }
  for (const input of inputs) {
    const source = await stat(input).catch(() => undefined)
    if (source !== undefined && source.ino === target.ino && source.dev === target.dev) {
      throw new MaskwordsError('usage', 'the output is also an input', {
        file: output,
        hint: 'write to another name',
      })
    }
  }
}

/** What the system refused, as an error that says what to do. */
export function writeError(path: string, error: unknown): MaskwordsError {
  if (error instanceof MaskwordsError) return error
  const code = (error as NodeJS.ErrnoException).code
  const [message, hint] =
    code === 'ENOENT'
      ? ['the folder does not exist', `mkdir -p ${dirname(path)}`]
      : code === 'ENOSPC' || code === 'EDQUOT'
        ? ['no space is left on this disk', 'free some, or write elsewhere with -o']
        : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
          ? ['no permission to write here', 'write elsewhere with -o']
          : code === 'EISDIR'
            ? ['this is a folder', 'name a file in it']
            : [`cannot write: ${messageOf(error)}`, undefined]
  return new MaskwordsError('write-failed', message!, { file: path, hint, cause: error })
}
