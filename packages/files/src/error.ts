// The one error class of the command and the public index, and how any error becomes a report for people and programs.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'
import { withPages } from './installed.ts'

export type MaskwordsErrorCode =
  /** A command line that says something impossible: unknown options, missing arguments. Exit code 2. */
  | 'usage'
  /** A file that is not there or may not be read. */
  | 'not-found'
  /** Bytes or text that are not what their format says. */
  | 'malformed'
  /** An answer that says something which cannot be read: neither compared, nor nothing. */
  | 'unreadable'
  /** Sizes that contradict each other: a mask of another picture. */
  | 'size-mismatch'
  /** More pixels, bytes or items than the named limit. */
  | 'too-large'
  /** Input that could mean several things, and guessing would be silent damage. */
  | 'ambiguous'
  /** Known, but not read or written here. */
  | 'unsupported'
  /** An optional package that this call needs. */
  | 'missing-dependency'
  /** A plugin that cannot be loaded, or is none. */
  | 'bad-plugin'
  /** A file that could not be written. */
  | 'write-failed'
  /** Ctrl-C, or an aborted signal. Exit code 130. */
  | 'interrupted'

export type MaskwordsErrorOptions = CodedErrorOptions

/** What went wrong, in which file, at which place (`at`: byte offset, record or JSON path), and what to do (`hint`). */
export class MaskwordsError extends CodedError<MaskwordsErrorCode> {
  override readonly name = 'MaskwordsError'
}

/** An error as data: what `--json` prints under `error` and in `errors`. */
export type ErrorReport = {
  code: string
  message: string
  hint?: string
  file?: string
  at?: string | number
}

/** The report of any thrown value. Errors of the lower packages keep their code, hint and place. */
export function reportOf(error: unknown): ErrorReport {
  if (!(error instanceof Error)) return { code: 'internal', message: String(error) }
  const raw = error as { code?: unknown; hint?: unknown; file?: unknown; at?: unknown }
  const ours = error.name !== 'Error' && typeof raw.code === 'string' && /^[a-z][a-z-]*$/.test(raw.code)
  if (!ours) {
    if (error.name === 'AbortError') return { code: 'interrupted', message: 'interrupted' }
    const hint = SYSTEM_HINTS.get(String(raw.code)) ?? INTERNAL_HINT
    return { code: 'internal', message: `${error.name}: ${error.message}`, hint }
  }
  const report: ErrorReport = { code: raw.code as string, message: error.message }
  if (typeof raw.hint === 'string') report.hint = withPages(raw.hint)
  if (typeof raw.file === 'string') report.file = raw.file
  if (typeof raw.at === 'string' || typeof raw.at === 'number') report.at = raw.at
  return report
}

/** What the system refused is no fault of ours, wherever it comes up. */
const SYSTEM_HINTS = new Map([
  ['ENOSPC', 'no space is left on this disk: free some, then run the command again'],
  ['EDQUOT', 'the quota of this disk is used up: free some, then run the command again'],
  ['EROFS', 'this disk is read-only: write elsewhere'],
  ['EACCES', 'no permission here: write elsewhere, or change it'],
  ['EPERM', 'the system allows nobody to write here: write elsewhere'],
  ['EEXIST', 'something of another kind is there already: name another place'],
  ['ENOTDIR', 'a part of this path is a file, not a folder: name another place'],
  ['EISDIR', 'this is a folder, and a file is wanted: name another place'],
  [
    'ENOTEMPTY',
    'the folder has been filled meanwhile, by another run perhaps: look into it, or name another',
  ],
  ['ENAMETOOLONG', 'the name is longer than this disk allows: name a shorter one'],
  ['EBUSY', 'something else uses this: end that, or name another place'],
  ['EMFILE', 'too many files are open: raise the limit (ulimit -n)'],
])

const INTERNAL_HINT = 'this is a bug in maskwords: please report it with the file and the command line'

/** True for an error that our packages throw on purpose (not a bug, not an abort). */
export function isTypedError(error: unknown): boolean {
  return reportOf(error).code !== 'internal'
}

/** The same error with the file (and place in it) added where it does not name one yet. Untyped errors pass as they are. */
export function located(error: unknown, file: string, at?: string | number): unknown {
  if (!isTypedError(error)) return error
  const report = reportOf(error)
  if (report.file !== undefined) return error
  const place = at === undefined ? report.at : report.at === undefined ? at : `${at}, ${report.at}`
  const wrapped = new MaskwordsError('malformed', report.message, {
    hint: report.hint,
    file,
    at: place,
    cause: error,
  })
  // The lower packages' codes are finer than ours; a program that reads the report should see them.
  Object.defineProperty(wrapped, 'code', { value: report.code, enumerable: true })
  return wrapped
}

/** One error in words: `file (place): message`, and the remedy on its own line. */
export function formatError(report: ErrorReport): string {
  const place =
    report.at === undefined ? '' : typeof report.at === 'number' ? ` (at ${report.at})` : ` (${report.at})`
  // Errors of lower rooms name the file in their sentence.
  const isSaid = report.file !== undefined && report.message.startsWith(`${report.file}:`)
  const where = report.file === undefined || isSaid ? '' : `${report.file}${place}: `
  const hint = report.hint === undefined ? '' : `\n  try: ${report.hint}`
  return `${where}${report.message}${hint}`
}

/** Throws the abort as an `interrupted` error; call between items of long work. */
export function throwIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MaskwordsError('interrupted', 'interrupted')
}
