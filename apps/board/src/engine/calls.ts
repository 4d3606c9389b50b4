// What the page asks of an engine worker.
import type { Pixels } from '@maskwords/codecs'
import type { Mask } from '@maskwords/mask'
import type { Prompt } from '@maskwords/selection'
import type { CodecId } from '../state/types.ts'
import type { CodecFacts, Decoded, PickedObject, Progress, Spoken } from './backend.ts'

/** What the networks of a worker run on. */
export type WorkerDevice = 'wasm' | 'webgpu'

export type OpenArgs = {
  readonly codec: CodecId
  /** Where the page's files are: the folder of `models/`. */
  readonly baseUrl: string
  readonly device: WorkerDevice
}

/** What a codec says about a picture and a mask that every worker makes alike: to compare two devices. */
export type Proof = {
  readonly codes: readonly number[]
  readonly mask: Mask
  /** Of decoding once more, everything being warm. */
  readonly decodeMs: number
}

/** A picture is sent once and named by its id afterwards. */
export type EngineCalls = {
  pick: { args: { id: string; prompt: Prompt; before?: Float32Array }; answer: PickedObject }
  open: { args: OpenArgs; answer: CodecFacts; progress: Progress }
  picture: { args: { id: string; pixels: Pixels }; answer: undefined }
  forget: { args: { id: string }; answer: undefined }
  see: { args: { codec: CodecId; id: string }; answer: number }
  speak: {
    args: { codec: CodecId; id: string; mask: Mask; refine?: boolean; quick?: boolean }
    answer: Spoken
  }
  draw: {
    args: { codec: CodecId; id: string; words: string | readonly number[]; length?: number }
    answer: Decoded
  }
  levels: {
    args: { codec: CodecId; id: string; codes: readonly number[]; lengths: readonly number[] }
    answer: readonly Decoded[]
  }
  proof: { args: { codec: CodecId }; answer: Proof }
}
