// Files that appear whole or not at all, on the disk when the call returns. Definition: ours.

import { closeSync, copyFileSync, fsyncSync, openSync, readSync, renameSync, writeSync } from 'node:fs'
import { messageOf } from '@maskwords/base'
import { temporaryBeside } from '@maskwords/checkpoint'
import { DataError } from '@maskwords/datasets'

/** Writes beside the target, then renames. Throws DataError 'io'. */
export function writeWholeFile(path: string, bytes: Uint8Array | string): void {
  const data = typeof bytes === 'string' ? Buffer.from(bytes) : bytes
  const temporary = temporaryBeside(path)
  try {
    const descriptor = openSync(temporary, 'w')
    try {
      for (let from = 0; from < data.length; ) from += writeSync(descriptor, data, from)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (cause) {
    throw ioError(path, cause)
  }
}

/** Puts files one behind the other, whole or not at all, a piece at a time. */
export function joinFiles(files: readonly string[], target: string): void {
  const temporary = temporaryBeside(target)
  try {
    copyFileSync(files[0]!, temporary)
    const to = openSync(temporary, 'a')
    const piece = Buffer.alloc(1 << 16)
    try {
      for (const file of files.slice(1)) {
        const from = openSync(file, 'r')
        try {
          for (let got = 0; (got = readSync(from, piece)) > 0; ) writeSync(to, piece, 0, got)
        } finally {
          closeSync(from)
        }
      }
      fsyncSync(to)
    } finally {
      closeSync(to)
    }
    renameSync(temporary, target)
  } catch (cause) {
    throw ioError(target, cause)
  }
}

/** The whole lines in the first bytes of a file. */
export function firstLines(file: string, bytes: number): string[] {
  const start = Buffer.alloc(bytes)
  const descriptor = openSync(file, 'r')
  try {
    const got = readSync(descriptor, start)
    const end = start.subarray(0, got).lastIndexOf(0x0a)
    return end < 0 ? [] : start.toString('utf8', 0, end).split('\n')
  } finally {
    closeSync(descriptor)
  }
}

export function ioError(path: string, cause: unknown): DataError {
  const { code } = cause as NodeJS.ErrnoException
  const hint =
    code === 'ENOSPC' || code === 'EDQUOT'
      ? 'free some space; the same command then goes on'
      : code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'write to another folder with -o'
        : undefined
  const message = messageOf(cause)
  return new DataError('io', `cannot write: ${message}`, {
    file: path,
    cause,
    ...(hint === undefined ? {} : { hint }),
  })
}
