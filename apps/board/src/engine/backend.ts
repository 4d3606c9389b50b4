// What runs codecs for the studio: a worker of this page, or the server. Both look the same from the panels.
import type { Pixels } from '@maskwords/codecs'
import type { Mask } from '@maskwords/mask'
import type { Prompt } from '@maskwords/selection'
import type { CodecId } from '../state/types.ts'

/** Where a codec runs and on what. */
export type Place = 'webgpu' | 'wasm' | 'script' | 'server'

/** What a panel needs to know of a codec's words. */
export type CodecFacts = {
  readonly id: CodecId
  /** For example `samtok-nano`. */
  readonly name: string
  readonly place: Place
  /** Threads of WebAssembly; 0 elsewhere. */
  readonly threads: number
  /** Codes that each place of a mask's words can have, by place: SAMTok [256, 256], HiMTok 32 x 1024; empty for GETok. */
  readonly sizes: readonly number[]
  /** GETok: cells a side of the grid. */
  readonly cells?: number
}

/** One mask in words, and what the words draw. */
export type Spoken = {
  readonly text: string
  /** SAMTok and HiMTok: codes; GETok: word indices. */
  readonly codes: readonly number[]
  /** What the codec itself counts (`MaskWords`). */
  readonly tokens: number
  readonly bits: number
  /** What the words decode to, at the picture's size. */
  readonly mask: Mask
  /** The decoder's own estimate of the IoU, where it has one. */
  readonly score?: number
  /** Times of this call, in milliseconds; `pictureMs` 0 where the picture was encoded before. */
  readonly pictureMs: number
  readonly encodeMs: number
  readonly decodeMs: number
}

export type Decoded = { readonly mask: Mask; readonly score?: number; readonly decodeMs: number }

/** An object that clicks mean, and the shares of it in the network's cells, which go in with the next click. */
export type PickedObject = { readonly mask: Mask; readonly shares: Float32Array; readonly ms: number }

export type PickOptions = {
  /** The shares of the answer before, without the newest click. */
  readonly before?: Float32Array | undefined
  readonly signal?: AbortSignal
}

export type CallOptions = {
  readonly signal?: AbortSignal
  /** HiMTok: how many of its tokens are said or read, 1 to 32. */
  readonly length?: number
  /** GETok: offset words too. */
  readonly refine?: boolean
  /** SAMTok and HiMTok: the nearest codes at once, without the search for better ones that the codec makes otherwise. */
  readonly quick?: boolean
}

/** What a long first call is doing: fetching weights, building a session, encoding a picture. */
export type Progress = { readonly doing: string; readonly share?: number }

export interface Backend {
  /** Loads a codec (weights, session) once; later calls answer at once. */
  open(codec: CodecId, onProgress?: (progress: Progress) => void): Promise<CodecFacts>
  /** Encodes the picture for a codec, once: later calls with the same picture cost nothing. Resolves with milliseconds. */
  see(codec: CodecId, picture: { readonly id: string; readonly pixels: Pixels }): Promise<number>
  /** Words of one mask and what they draw. */
  speak(
    codec: CodecId,
    picture: { readonly id: string; readonly pixels: Pixels },
    mask: Mask,
    options?: CallOptions,
  ): Promise<Spoken>
  /** What words draw: text as a model writes it, or codes. */
  draw(
    codec: CodecId,
    picture: { readonly id: string; readonly pixels: Pixels },
    words: string | readonly number[],
    options?: CallOptions,
  ): Promise<Decoded>
  /** What the first words of a mask draw, for each number of words in `lengths`, in that order. Not for GETok. */
  levels(
    codec: CodecId,
    picture: { readonly id: string; readonly pixels: Pixels },
    codes: readonly number[],
    lengths: readonly number[],
    options?: CallOptions,
  ): Promise<readonly Decoded[]>
  close(): void
}

/** A backend that also makes objects of clicks: that of this page. */
export interface ClickBackend extends Backend {
  /** The object that clicks and a box mean. */
  pick(
    picture: { readonly id: string; readonly pixels: Pixels },
    prompt: Prompt,
    options?: PickOptions,
  ): Promise<PickedObject>
}
