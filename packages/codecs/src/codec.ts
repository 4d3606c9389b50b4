// The interface that every mask language of this package stands behind (GETok, SAMTok, HiMTok): pixels and masks to
// words, words back to masks. Definition: ours; the three languages are described in docs/.

import { MAX_DENSE_PIXELS, type Mask } from '@maskwords/mask'
import type { Vocabulary } from '@maskwords/words'
import { CodecError } from './error.ts'

/** A picture: 8-bit RGB, interleaved, rows from top to bottom; `rgb.length === widthPx * heightPx * 3`. */
export type Pixels = {
  readonly widthPx: number
  readonly heightPx: number
  readonly rgb: Uint8Array
}

/** The size of a picture whose pixels are not needed. */
export type PictureSize = { readonly widthPx: number; readonly heightPx: number }

/**
 * What a codec keeps of a picture: hold it and use it for any number of masks. A plain value; what else is in it
 * belongs to the codec that made it (`codec` names it). Codecs that need no picture keep only the size.
 */
export type EncodedImage = PictureSize & { readonly codec: string }

/** One mask as words. */
export type MaskWords = {
  /**
   * The words as numbers, in the order of the text and without delimiters and tags: word indices of GETok, codes of
   * SAMTok (-1 = missing) and HiMTok, as the formatters of @maskwords/words take them.
   */
  readonly codes: readonly number[]
  /** The words as a language model reads and writes them, delimiters and tags included. */
  readonly text: string
  /**
   * Tokens that a model must write for this mask: every word, and every word or tag around them. Start and end words of SAMTok and
   * HiMTok are one each; a tag of GETok is one where it is a word of the vocabulary, else its plain text (`tagTokens`).
   */
  readonly tokens: number
  /** Information in the codes: the sum of log2 of the number of words that could stand at each place. */
  readonly bits: number
}

/** Below this IoU of a mask with what its words decode to, they say another mask. */
export const WEAK_IOU = 0.25

/** What `decode` accepts for one mask: its text, its codes, or what `encode` returned. */
export type WordsInput = string | readonly number[] | Int32Array | Pick<MaskWords, 'codes' | 'text'>

/** One decoded mask, at the picture's size. */
export type DecodedMask = {
  readonly mask: Mask
  /** On request (`logits: true`): row-major, at a size of the decoder's own; above 0 is foreground. */
  readonly logits?: { readonly widthPx: number; readonly heightPx: number; readonly data: Float32Array }
  /** The decoder's own estimate of the IoU, 0 to 1, where it has one. */
  readonly score?: number
}

export type CodecCallOptions = { readonly signal?: AbortSignal }
export type EncodeOptions = CodecCallOptions
export type DecodeOptions = CodecCallOptions & { readonly logits?: boolean }

/**
 * A mask language. All calls may run at the same time; results keep the order of their inputs. A call rejects with
 * the signal's reason as soon as it notices an abort, and with CodecError for input it cannot use.
 */
export interface MaskCodec<
  Image extends EncodedImage = EncodedImage,
  Encode extends EncodeOptions = EncodeOptions,
  Decode extends DecodeOptions = DecodeOptions,
> {
  /** For example `getok`, `samtok-nano`. */
  readonly name: string
  readonly vocabulary: Vocabulary
  /** True where `encodeImage` must see pixels; else a size is enough. */
  readonly needsImage: boolean
  /** One pass over the picture, whatever number of masks follows. */
  encodeImage(picture: Pixels | PictureSize, options?: CodecCallOptions): Promise<Image>
  /** Words of each mask; a mask has the size of the picture. */
  encode(image: Image, masks: readonly Mask[], options?: Encode): Promise<MaskWords[]>
  /** A mask for each entry of `words`. */
  decode(image: Image, words: readonly WordsInput[], options?: Decode): Promise<DecodedMask[]>
  /** Frees sessions and workers. Calls after it reject; calling it twice is harmless. */
  close(): Promise<void>
}

/** Prompts of one object, in pixels of the picture (x right, y down, floats; pixel (0, 0) covers 0 to 1). */
export type SegmentPrompt = {
  /** x, y, x, y, ... */
  readonly pointsXyPx: ArrayLike<number>
  /** 1 = on the object, 0 = off it; one per point. */
  readonly labels: ArrayLike<number>
  /** Left, top, right, bottom; right and bottom exclusive. */
  readonly boxXyxyPx?: BoxXyxyPx
}

/** Left, top, right and bottom in pixels; right and bottom are exclusive. */
export type BoxXyxyPx = readonly [left: number, top: number, right: number, bottom: number]

/** One answer of a segmenter. */
export type Segmentation = DecodedMask & {
  /** IoU of the mask at two thresholds around the decision, 0 to 1 (Segment Anything's stability score). */
  readonly stability?: number
}

/**
 * A promptable segmenter (SAM2, or anything that answers points and a box with a mask). `segment` returns one answer,
 * or with `multimask: true` all of its alternatives (SAM2: whole, part, subpart), in an order of its own.
 */
export interface Segmenter<Image = unknown> {
  readonly name: string
  encodeImage(pixels: Pixels, options?: CodecCallOptions): Promise<Image>
  segment(
    image: Image,
    prompt: SegmentPrompt,
    options?: CodecCallOptions & { readonly multimask?: boolean; readonly logits?: boolean },
  ): Promise<readonly Segmentation[]>
  /** Many prompts on one picture; a segmenter that can share work among them has it. Answer i belongs to prompt i. */
  segmentEach?(
    image: Image,
    prompts: readonly SegmentPrompt[],
    options?: CodecCallOptions & { readonly multimask?: boolean },
  ): Promise<readonly (readonly Segmentation[])[]>
}

/** Throws CodecError unless the sides are positive whole numbers of at most 2^28 pixels and any pixels fit their count. */
export function checkPicture(picture: Pixels | PictureSize): void {
  const { widthPx, heightPx } = picture
  if (!Number.isInteger(widthPx) || !Number.isInteger(heightPx) || widthPx < 1 || heightPx < 1) {
    throw new CodecError(
      'out-of-range',
      `a picture needs whole sides of at least 1 pixel, got ${widthPx} x ${heightPx}`,
    )
  }
  if (widthPx * heightPx > MAX_DENSE_PIXELS) {
    throw new CodecError(
      'too-large',
      `a picture of ${widthPx} x ${heightPx} pixels; the limit is ${MAX_DENSE_PIXELS}`,
    )
  }
  if ('rgb' in picture && picture.rgb.length !== widthPx * heightPx * 3) {
    throw new CodecError(
      'size-mismatch',
      `a picture of ${widthPx} x ${heightPx} has ${widthPx * heightPx * 3} RGB bytes, got ${picture.rgb.length}`,
      { hint: 'drop the alpha channel, or expand grey to three channels, before the call' },
    )
  }
}

/** Throws CodecError unless the mask has the picture's size. `at` is its index in the list. */
export function checkMaskSize(image: PictureSize, mask: Mask, at: number): void {
  if (mask.widthPx === image.widthPx && mask.heightPx === image.heightPx) return
  throw new CodecError(
    'size-mismatch',
    `mask ${at} is ${mask.widthPx} x ${mask.heightPx}, the picture is ${image.widthPx} x ${image.heightPx} (width x height)`,
    { at, hint: 'resize the mask (nearest), or encode the picture that the mask was drawn on' },
  )
}
