// What the errors of all rooms have in common: a code of a closed set, a sentence, the place, and what to do. Definition: ours.

export type CodedErrorOptions<Place extends string | number = string | number> = {
  /** What to do about it. */
  readonly hint?: string | undefined
  /** The file's name as the caller knows it. */
  readonly file?: string | undefined
  /** Where: a byte, character or record number, or a path in words. */
  readonly at?: Place | undefined
  readonly cause?: unknown
}

/** What went wrong, in which file, at which place, and what to do (`hint`). A room's class says its `name` and its codes. */
export abstract class CodedError<
  Code extends string,
  Place extends string | number = string | number,
> extends Error {
  abstract override readonly name: string
  readonly code: Code
  readonly hint: string | undefined
  readonly file: string | undefined
  readonly at: Place | undefined

  constructor(code: Code, message: string, options: CodedErrorOptions<Place> = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.hint = options.hint
    this.file = options.file
    this.at = options.at
  }
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
