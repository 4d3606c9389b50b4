// The journal of a patch in place: the old token types and where they stand, on the disk before the first byte changes.
import { open, readFile, rename, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { temporaryBeside } from '@maskwords/checkpoint'
import { LearnError } from '../error.ts'

/** A token type that is changed: 4 bytes at `byteOffset`. */
export type Change = { readonly byteOffset: number; readonly from: number; readonly to: number }

/** What the journal of an in-place patch is called. */
export const journalOf = (path: string): string => `${path}.token-types.json`

type Journal = { file: string; byteLength: number; tokenTypes: { byteOffset: number; from: number }[] }

/** Notes the old types, flushed to the disk before this returns. Throws LearnError as `readJournal`. */
export async function writeJournal(path: string, journal: string, changes: readonly Change[]): Promise<void> {
  const { size } = await stat(path)
  // A patch that was cut off: what was changed before it is in the old journal, and must stay known.
  const before = await readJournal(path, journal).catch((error: unknown) => {
    if (error instanceof LearnError && error.code === 'missing') return []
    throw error
  })
  const known = new Set(before.map((entry) => entry.byteOffset))
  const tokenTypes = [
    ...before,
    ...changes
      .filter((change) => !known.has(change.byteOffset))
      .map(({ byteOffset, from }) => ({ byteOffset, from })),
  ]
  const content: Journal = { file: basename(path), byteLength: size, tokenTypes }
  const temporary = temporaryBeside(journal)
  const handle = await open(temporary, 'w')
  try {
    await handle.writeFile(`${JSON.stringify(content)}\n`)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(temporary, journal)
}

/** The noted types. Throws LearnError `missing`, `malformed`, and `mismatch` where the file has another size than then. */
export async function readJournal(path: string, journal: string): Promise<Journal['tokenTypes']> {
  let text: string
  try {
    text = await readFile(journal, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw ioError(cause, journal)
    throw new LearnError('missing', 'there is no journal of an earlier patch', {
      file: journal,
      hint: 'only a file that was patched in place has one',
      cause,
    })
  }
  let value: Partial<Journal> | null
  try {
    value = JSON.parse(text) as Partial<Journal> | null
  } catch (cause) {
    throw new LearnError('malformed', 'the journal is not valid JSON', { file: journal, cause })
  }
  const entries = value?.tokenTypes
  const whole = (n: unknown): n is number => typeof n === 'number' && Number.isInteger(n)
  if (
    !Array.isArray(entries) ||
    !entries.every(
      (e) => whole(e?.byteOffset) && e.byteOffset > 0 && whole(e.from) && e.from >= 0 && e.from <= 6,
    )
  ) {
    throw new LearnError('malformed', 'this is no journal of token types', { file: journal })
  }
  const { size } = await stat(path)
  if (value!.byteLength !== size) {
    throw new LearnError(
      'mismatch',
      `the journal is of a file of ${value!.byteLength} bytes, this one has ${size}`,
      {
        file: journal,
        hint: 'it belongs to another version of the file: remove it',
      },
    )
  }
  return entries
}

/** An error of the file system as a LearnError; others pass as they are. */
export function ioError(error: unknown, file: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error
  const { code } = error as NodeJS.ErrnoException
  return new LearnError('io', `cannot be written: ${error.message}`, {
    file,
    cause: error,
    hint:
      code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
        ? 'the file or its folder is write-protected'
        : code === 'ENOSPC'
          ? 'the disk is full: make room and run it again'
          : undefined,
  })
}
