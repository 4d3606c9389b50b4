// The one error class of this package: a closed set of codes, a sentence, and what to do about it.
import { CodedError, type CodedErrorOptions } from '@maskwords/base'
import type { Answer } from './model.ts'

export type MllmErrorCode =
  /** An option or argument outside what is allowed. */
  | 'argument'
  /** A file or folder that is not there. */
  | 'not-found'
  /** A file that is cut short, does not fit the others, or is not what its name says. */
  | 'damaged'
  /** A checkpoint of a family, or with a feature, that cannot be run here. */
  | 'unsupported'
  /** Words of a codec that the model's tokenizer does not have, or of another codec than the model speaks. */
  | 'wrong-words'
  /** A picture, prompt or answer beyond the named limit. */
  | 'too-large'
  /** A server that cannot be reached, refuses, hangs, or answers what it should not. */
  | 'server'
  /** Not enough memory for the model or the question. */
  | 'out-of-memory'
  /** The network failed while it ran. */
  | 'runtime'
  /** The model was closed before or while it was asked. */
  | 'closed'

export type MllmErrorOptions = CodedErrorOptions & { readonly partial?: Answer }

/** What went wrong, and a hint where one is known. */
export class MllmError extends CodedError<MllmErrorCode> {
  override readonly name: string = 'MllmError'
  /** What was answered before it went wrong. It is no answer: nothing is known of how it would have gone on. */
  readonly partial: Answer | undefined

  constructor(code: MllmErrorCode, message: string, options: MllmErrorOptions = {}) {
    super(code, message, options)
    this.partial = options.partial
  }
}
