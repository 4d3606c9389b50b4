// The one error class of the checkpoint readers and writers: a closed set of codes, the place, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'

export type CheckpointErrorCode =
  /** Bytes that are not what their format says. */
  | 'malformed'
  /** The file ends before its contents do: an interrupted download or copy. */
  | 'truncated'
  /** More bytes, entries, opcodes or nesting than the named limit. */
  | 'too-large'
  /** Well formed, known, and not read here: compressed archives, quantised tensors, sub-byte types. */
  | 'unsupported'
  /** A pickle that asks for a function that acts (os.system and its like), or a path that leaves its folder. */
  | 'forbidden'
  /** Something else than a checkpoint: a web page, a Git LFS pointer, a GGUF or ONNX file. */
  | 'not-a-checkpoint'
  /** A tensor, a shard or a file that was asked for and is not there. */
  | 'missing'
  /** Arguments that contradict each other, such as data whose length is not that of its shape. */
  | 'mismatch'
  /** The file system or another source of bytes failed. */
  | 'io'

export type CheckpointErrorOptions = CodedErrorOptions<number> & {
  /** The tensor, archive entry, shard or Python name concerned. */
  readonly entry?: string | undefined
}

/** What went wrong with a checkpoint: `message` reads "file: what (entry, byte)", the parts are fields, `hint` says what to do. */
export class CheckpointError extends CodedError<CheckpointErrorCode, number> {
  override readonly name = 'CheckpointError'
  readonly entry: string | undefined

  constructor(code: CheckpointErrorCode, what: string, options: CheckpointErrorOptions = {}) {
    const place = [
      options.entry === undefined ? '' : `"${shortened(options.entry)}"`,
      options.at === undefined ? '' : `byte ${options.at}`,
    ].filter((part) => part !== '')
    const file = options.file === undefined ? '' : `${options.file}: `
    super(code, `${file}${what}${place.length === 0 ? '' : ` (${place.join(', ')})`}`, options)
    this.entry = options.entry
  }
}

/** Names in error messages come from hostile files too: control characters are shown as escapes, long names are cut. */
export function shortened(text: string, maxLength = 120): string {
  const cut = text.length > maxLength ? `${text.slice(0, maxLength)}...` : text
  return JSON.stringify(cut).slice(1, -1)
}
