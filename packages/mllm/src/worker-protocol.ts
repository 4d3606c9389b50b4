// What the thread with a model and its owner say to each other.

import type { Pixels } from '@maskwords/codecs'
import type { MllmErrorCode } from './error.ts'
import { MllmError } from './error.ts'
import type { LoadProgress } from './int4.ts'
import type { LoadOptions } from './loaded.ts'
import type { AnswerEvent, Conversation, ModelFacts } from './model.ts'
import type { PlainAskOptions } from './questions.ts'

export type WorkerData = { readonly path: string; readonly options: LoadOptions }

export type WorkerRequest =
  | {
      readonly kind: 'ask'
      readonly id: number
      readonly conversations: readonly Conversation[]
      readonly options: PlainAskOptions
      /** Shared: 1 where the question is to be stopped. Read between two tokens, while the thread is busy. */
      readonly stop: Int32Array
    }
  | {
      readonly kind: 'askMany'
      readonly id: number
      readonly picture: Pixels
      readonly questions: readonly string[]
      readonly system: string | undefined
      readonly options: PlainAskOptions
      readonly stop: Int32Array
    }
  | { readonly kind: 'close' }

export type PlainError = {
  readonly code: MllmErrorCode
  readonly message: string
  readonly hint: string | undefined
}

export type WorkerMessage =
  | { readonly kind: 'ready'; readonly facts: ModelFacts }
  | { readonly kind: 'progress'; readonly progress: LoadProgress }
  | { readonly kind: 'event'; readonly id: number; readonly row: number; readonly event: AnswerEvent }
  | { readonly kind: 'done'; readonly id: number }
  /** Without an id, the model could not be loaded. */
  | { readonly kind: 'failed'; readonly id: number | undefined; readonly error: PlainError }

export const plainError = ({ code, message, hint }: MllmError): PlainError => ({ code, message, hint })

export const thrownError = ({ code, message, hint }: PlainError): MllmError =>
  new MllmError(code, message, hint === undefined ? {} : { hint })
