// What the reconstruction benchmark asks of a mask codec: a part of the codecs' own interface, so that any of them fits.
import type { Mask } from '@maskwords/mask'
import type { Vocabulary } from '@maskwords/words'

/** A picture: its size and pixels. */
export type CodecPicture = {
  readonly widthPx: number
  readonly heightPx: number
  /** Interleaved 8-bit RGB, row-major. */
  readonly rgb: Uint8Array
}

/** The words of a mask, and what they cost. */
export type CodecWords = {
  readonly codes: readonly number[]
  readonly text: string
  readonly tokens: number
  readonly bits: number
}

type Call = { readonly signal?: AbortSignal }

/** Pictures and masks to words and back; the codecs of maskwords are such. */
export interface ReconstructionCodec {
  readonly vocabulary: Vocabulary
  encodeImage(picture: CodecPicture, options?: Call): Promise<unknown>
  encode(image: unknown, masks: readonly Mask[], options?: Call): Promise<readonly CodecWords[]>
  decode(
    image: unknown,
    words: readonly CodecWords[],
    options?: Call,
  ): Promise<readonly { readonly mask: Mask }[]>
}

/** The first `length` codes of some words: what is left out is -1 where a vocabulary has fixed places, else gone. */
export function firstCodes(words: CodecWords, length: number, vocabulary: Vocabulary): CodecWords {
  const { codes } = words
  const kept =
    vocabulary.kind === 'samtok'
      ? codes.map((code, place) => (place < length ? code : -1))
      : codes.slice(0, length)
  return { codes: kept, text: '', ...lengthCost(words, length) }
}

/** Tokens and bits of the first `length` codes: every code of a place costs alike. */
export function lengthCost(words: CodecWords, length: number): { tokens: number; bits: number } {
  const all = words.codes.length
  const kept = Math.min(length, all)
  return { tokens: words.tokens - all + kept, bits: (words.bits * kept) / all }
}
