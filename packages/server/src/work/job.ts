// What the main thread and a worker thread of the server say to each other: jobs, their answers, and questions about kept pictures.

import type { CodecInfo, VocabularyListing } from '@maskwords/client/schema'
import type { EncodedImage } from '@maskwords/codecs'
import type { ErrorReport } from '@maskwords/files'
import type { Ground } from '@maskwords/mask'
import { type FaultStatus, faultOf, HttpFault } from '../fault.ts'

/** One request for a worker. `body` is its bytes as they came. */
export type Job =
  | { readonly kind: 'picture'; readonly body: Uint8Array; readonly request: PictureRequest }
  /** A question to a model, made ready; `codec` writes its masks where it names none. */
  | { readonly kind: 'chat'; readonly body: Uint8Array; readonly codec: string | undefined }
  | { readonly kind: 'encode' | 'decode' | 'parse' | 'render' | 'rewards'; readonly body: Uint8Array }

export type PictureRequest = {
  readonly handle: string
  readonly codecs: readonly string[]
  readonly exif: 'apply' | 'ignore'
}

/** An answer's body and what it is. */
export type JobAnswer = {
  readonly body: Uint8Array
  readonly type: string
  /** Numbers for the metrics, by name. */
  readonly counts?: Readonly<Record<string, number>>
}

/** A decoded picture. `rgb` is shared between threads. */
export type KeptPicture = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
  readonly format: string
  readonly orientation: number
  /** Whether its pixels are those that viewers show, or as they lie in the file. */
  readonly ground: Ground
}

/** How the pixels of a handle lie to the others of its file, where EXIF turns it. */
export type HandleTurn = { readonly orientation: number; readonly ground: Ground }

/** What is kept of a picture. */
export type Kept = {
  readonly picture?: KeptPicture
  /** The encoded picture of the codec that was asked about. */
  readonly image?: EncodedImage
  /** Its size, where anything at all is kept. */
  readonly size?: { readonly widthPx: number; readonly heightPx: number }
  /** Undefined for a picture that nothing turns. */
  readonly turn?: HandleTurn
}

/** How a worker reaches what the main thread keeps. */
export type Keeper = {
  lookUp(handle: string, codec?: string): Promise<Kept>
  keepPicture(handle: string, picture: KeptPicture): void
  keepImage(handle: string, codec: string, image: EncodedImage): void
}

export type ServedCodec = {
  readonly name: string
  /** As `loadCodec` takes it. */
  readonly source: string
  /** For GETok: SAM 2 weights to decode with. */
  readonly segmenter?: string
}

export type WorkerSetup = {
  /** Modules of plugins that the worker shall know. */
  readonly plugins: readonly string[]
  readonly codecs: readonly ServedCodec[]
  readonly threads: number
  readonly maxPixels: number
  readonly fetchOrigins?: readonly string[]
  readonly cacheFolder?: string
  readonly cacheFolderBytes?: number
}

export type ToWorker =
  | { readonly say: 'job'; readonly id: number; readonly job: Job }
  | { readonly say: 'cancel'; readonly id: number }
  | { readonly say: 'kept'; readonly question: number; readonly kept: Kept }
  /** Give up what is under way, close the codecs, and end. */
  | { readonly say: 'leave' }

export type Fault = {
  readonly status: FaultStatus
  readonly report: ErrorReport
  readonly headers: Readonly<Record<string, string>>
  /** For the log, where the fault is ours. */
  readonly stack?: string
}

export type FromWorker =
  | {
      readonly say: 'ready'
      readonly codecs: readonly CodecInfo[]
      readonly vocabularies: readonly VocabularyListing[]
    }
  | { readonly say: 'failed'; readonly report: ErrorReport }
  | { readonly say: 'done'; readonly id: number; readonly answer: JobAnswer }
  | { readonly say: 'fault'; readonly id: number; readonly fault: Fault }
  | { readonly say: 'look-up'; readonly question: number; readonly handle: string; readonly codec?: string }
  | { readonly say: 'keep-picture'; readonly handle: string; readonly picture: KeptPicture }
  | {
      readonly say: 'keep-image'
      readonly handle: string
      readonly codec: string
      readonly image: EncodedImage
    }

/** Any thrown value as plain data, for the other thread. */
export function faultData(error: unknown): Fault {
  const { status, report, headers } = faultOf(error)
  const stack = status === 500 ? (error instanceof Error ? error.stack : String(error)) : undefined
  return { status, report, headers, ...(stack !== undefined && { stack }) }
}

/** The fault that `faultData` described; `cause` is what the log shows. */
export function faultFrom({ status, report, headers, stack }: Fault): HttpFault {
  const fault = new HttpFault(status, report, headers)
  if (stack !== undefined) fault.stack = stack
  return fault
}
