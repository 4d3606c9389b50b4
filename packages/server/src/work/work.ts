// What every job of a worker works with.
import type { ImageStore } from '@maskwords/codecs'
import type { CodecShelf } from './codecs.ts'
import type { Keeper } from './job.ts'

/** What a job works with. */
export type Work = {
  readonly codecs: CodecShelf
  readonly keeper: Keeper
  /** Encoded pictures on disk. */
  readonly store: ImageStore | undefined
  readonly maxPixels: number
  /** Web origins whose pictures may be fetched. */
  readonly fetchOrigins: readonly string[]
  readonly signal: AbortSignal
  /** Between two pieces of work: lets a cancellation through, and throws it. */
  pause(): Promise<void>
}
