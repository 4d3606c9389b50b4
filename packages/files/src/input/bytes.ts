// Reading a file, or stdin for `-`: with a cap before the first byte, and errors that say what to do.

import { open } from 'node:fs/promises'
import { messageOf, nearest } from '@maskwords/base'
import { MaskwordsError, throwIfAborted } from '../error.ts'
import { type Io, readStdin, resolvePath } from '../io.ts'

/**
 * Largest picture or mask file. A 50-megapixel 16-bit RGBA TIFF without compression is 400 MB; anything larger decodes
 * to more pixels than the pixel cap allows.
 */
export const MAX_PICTURE_FILE_BYTES = 512 * 2 ** 20

/** Largest JSON text. COCO's instances_train2017.json is 470 MB; V8 strings end at 536 million characters. */
export const MAX_JSON_BYTES = 500_000_000

/** Largest text that words are looked for in. A model's answer is some kilobytes; a log of a whole benchmark some 10 MB. */
export const MAX_TEXT_BYTES = 64 * 2 ** 20

export type InputBytes = {
  readonly name: string
  readonly path: string | undefined
  readonly bytes: Uint8Array
}

/** The bytes of a file of the command line; `-` reads stdin, once. Throws MaskwordsError. */
export async function readInput(
  io: Pick<Io, 'stdin' | 'cwd' | 'signal'>,
  name: string,
  maxBytes: number,
): Promise<InputBytes> {
  if (name === '-') return { name: 'stdin', path: undefined, bytes: await readStdin(io, maxBytes) }
  const path = resolvePath(io, name)
  return { name, path, bytes: await readFileCapped(path, name, maxBytes, io.signal) }
}

/** Reads a whole file of at most `maxBytes`; `name` is what errors call it. */
export async function readFileCapped(
  path: string,
  name: string,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  throwIfAborted(signal)
  try {
    const handle = await open(path, 'r')
    try {
      const info = await handle.stat()
      if (info.isDirectory()) {
        throw new MaskwordsError('not-found', 'this is a folder, a file is wanted', { file: name })
      }
      if (info.size > maxBytes) {
        throw new MaskwordsError('too-large', `${info.size} bytes, more than the limit of ${maxBytes}`, {
          file: name,
        })
      }
      // A pipe or device has no size; it is read up to the cap.
      if (!info.isFile()) return await readUpTo(handle, maxBytes, name, signal)
      const buffer = await handle.readFile({ signal })
      return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    } finally {
      await handle.close()
    }
  } catch (error) {
    throwIfAborted(signal)
    throw await readError(path, name, error)
  }
}

async function readUpTo(
  handle: Awaited<ReturnType<typeof open>>,
  maxBytes: number,
  name: string,
  signal: AbortSignal,
): Promise<Uint8Array> {
  async function* chunks() {
    for await (const chunk of handle.createReadStream({ autoClose: false })) yield chunk as Uint8Array
  }
  return await readStdin({ stdin: chunks(), signal }, maxBytes).catch((error: unknown) => {
    throw error instanceof MaskwordsError && error.code === 'too-large'
      ? new MaskwordsError('too-large', `more than ${maxBytes} bytes`, { file: name })
      : error
  })
}

async function readError(path: string, name: string, error: unknown): Promise<unknown> {
  if (error instanceof MaskwordsError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    const near = await similarName(path)
    return new MaskwordsError('not-found', 'there is no such file', {
      file: name,
      hint: near === undefined ? undefined : `did you mean ${near}?`,
    })
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new MaskwordsError('not-found', 'no permission to read this file', { file: name })
  }
  if (code === 'EISDIR') {
    return new MaskwordsError('not-found', 'this is a folder, a file is wanted', { file: name })
  }
  if (code === 'ENAMETOOLONG' || code === 'ELOOP' || code === 'ERR_INVALID_ARG_VALUE') {
    return new MaskwordsError('not-found', 'this cannot be a file name', { file: name.slice(0, 80) })
  }
  return new MaskwordsError('not-found', `cannot read: ${messageOf(error)}`, {
    file: name,
    cause: error,
  })
}

/** A file in the same folder whose name is nearly the wanted one. */
async function similarName(path: string): Promise<string | undefined> {
  const { basename, dirname } = await import('node:path')
  const { readdir } = await import('node:fs/promises')
  const names = await readdir(dirname(path)).catch(() => [] as string[])
  return nearest(basename(path), names.slice(0, 1000).sort())
}
