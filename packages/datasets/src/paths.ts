// File names out of annotation files: made relative and held inside the dataset's folder. Definition: ours.
import { type Stats, statSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'

/** Longest path that is taken from an annotation; file systems stop at 4,096 bytes. */
const MAX_PATH_LENGTH = 4096

/**
 * The path with forward slashes, without `.` and empty parts; undefined where it is absolute, climbs out with `..`, names a
 * drive or scheme, or holds a NUL.
 */
export function safeRelativePath(path: unknown): string | undefined {
  if (typeof path !== 'string' || path === '' || path.length > MAX_PATH_LENGTH) return undefined
  const slashed = path.replaceAll('\\', '/')
  if (isAbsolute(slashed) || slashed.includes('\0') || /^[A-Za-z][A-Za-z0-9+.-]*:/.test(slashed))
    return undefined
  const parts = slashed.split('/').filter((part) => part !== '' && part !== '.')
  return parts.length === 0 || parts.includes('..') ? undefined : parts.join('/')
}

/** Whether a file stands there; symbolic links count as what they point to. */
export function fileExists(root: string, path: string): boolean {
  return entryAt(root, path)?.isFile() === true
}

export function folderExists(root: string, path: string): boolean {
  return entryAt(root, path)?.isDirectory() === true
}

/** No path of such a kind leads anywhere: a part of it is a file, links run in a circle, or a name is longer than names can be. */
const LEADS_NOWHERE = new Set(['ENOTDIR', 'ELOOP', 'ENAMETOOLONG'])

/** What stands at a path; undefined where nothing does. */
function entryAt(root: string, path: string): Stats | undefined {
  try {
    return statSync(join(root, path), { throwIfNoEntry: false })
  } catch (error) {
    if (LEADS_NOWHERE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined
    throw error
  }
}
