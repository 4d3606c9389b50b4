// GETok behind the common interface: a mask is a box and points on a grid; it comes back through a segmenter prompted
// with them (arXiv 2512.10554, decoding), or without one through the coarse decoder of this folder.

import { type GetokVocabulary, getokVocabulary } from '@maskwords/words'
import {
  type CodecCallOptions,
  checkMaskSize,
  checkPicture,
  type DecodedMask,
  type DecodeOptions,
  type EncodeOptions,
  type MaskCodec,
  type MaskWords,
  type PictureSize,
  type Pixels,
  type Segmenter,
} from '../codec.ts'
import { CodecError } from '../error.ts'
import { lifetimeOf } from '../lifetime.ts'
import { coverMask } from './cover.ts'
import { decodeRegions, type GetokImage } from './decode.ts'
import { DEFAULT_CELLS, type Grid, gridOf } from './grid.ts'
import { pauses } from './pause.ts'
import { chooseFromProposals, type Proposal, proposeRegions } from './proposals.ts'
import { bestOffsets, regionOfMask } from './region.ts'
import { readRegions, regionToWords } from './words.ts'

export type GetokEncodeOptions = EncodeOptions & {
  /** Adds one offset word for every grid word: points beside the mask move into it or go, the box sits closer. */
  readonly refine?: boolean
  /** `cover`: medial discs, no segmenter. `scan`, `maxgain`: by the segmenter's proposals. `cover` by default. */
  readonly points?: 'cover' | 'scan' | 'maxgain'
}

export type GetokCodec = MaskCodec<GetokImage, GetokEncodeOptions, DecodeOptions> & {
  readonly vocabulary: GetokVocabulary
}

export type GetokOptions = {
  /** Cells per axis: 32 by default; the paper also measures 16 and 64. */
  cells?: number
  /** Decodes prompts; without one masks are decoded coarsely. The codec does not close it. */
  segmenter?: Segmenter
}

/** GETok with a grid of `cells` x `cells`. Throws CodecError for a grid that cannot be. */
export function getokCodec(options: GetokOptions = {}): GetokCodec {
  const { cells = DEFAULT_CELLS, segmenter } = options
  gridOf({ cells, widthPx: 1, heightPx: 1 })
  const vocabulary = getokVocabulary({ gridSize: cells })
  // Proposals of a picture serve all of its masks.
  const proposals = new WeakMap<GetokImage, Promise<Proposal[]>>()
  const { check, close } = lifetimeOf<GetokImage>({ kind: 'getok', name: 'getok' })

  const proposalsOf = async (grid: Grid, image: GetokImage, signal: AbortSignal | undefined) => {
    if (segmenter === undefined || image.segmenterImage === undefined) {
      throw new CodecError(
        'missing-input',
        'choosing points by proposals needs a segmenter and the picture',
        {
          hint: "give getokCodec a segmenter and encodeImage the pixels, or choose points: 'cover'",
        },
      )
    }
    const ready = proposals.get(image)
    if (ready !== undefined) {
      try {
        return await ready
      } catch {
        // It was another caller's abort or failure: this call tries for itself.
        signal?.throwIfAborted()
      }
    }
    const call = { grid, segmenter, image: image.segmenterImage, ...(signal === undefined ? {} : { signal }) }
    const found = proposeRegions(call)
    proposals.set(image, found)
    found.catch(() => proposals.delete(image))
    return found
  }

  return {
    name: 'getok',
    vocabulary,
    needsImage: segmenter !== undefined,

    async encodeImage(picture: Pixels | PictureSize, call: CodecCallOptions = {}): Promise<GetokImage> {
      check()
      call.signal?.throwIfAborted()
      checkPicture(picture)
      const { widthPx, heightPx } = picture
      if (!('rgb' in picture)) {
        if (segmenter === undefined) return { codec: 'getok', widthPx, heightPx }
        throw new CodecError('missing-input', `segmenter ${segmenter.name} needs the pixels of the picture`)
      }
      const size = { codec: 'getok', widthPx, heightPx, pixels: picture } as const
      if (segmenter === undefined) return size
      return { ...size, segmenterImage: await segmenter.encodeImage(picture, call) }
    },

    async encode(image, masks, call = {}): Promise<MaskWords[]> {
      check(image)
      const { refine = false, points = 'cover', signal } = call
      const grid = gridOf({ widthPx: image.widthPx, heightPx: image.heightPx, cells })
      const words: MaskWords[] = []
      const pause = pauses(signal)
      for (let k = 0; k < masks.length; k++) {
        await pause()
        const mask = masks[k]!
        checkMaskSize(image, mask, k)
        const found = points === 'cover' ? undefined : await proposalsOf(grid, image, signal)
        const region = regionOfMask(grid, mask, (one) =>
          found === undefined || points === 'cover'
            ? coverMask(grid, one).cells
            : chooseFromProposals({ grid, mask: one, proposals: found, mode: points }).cells,
        )
        words.push(regionToWords(region, vocabulary, refine ? bestOffsets(grid, mask, region) : undefined))
      }
      return words
    },

    async decode(image, words, call = {}): Promise<DecodedMask[]> {
      check(image)
      const grid = gridOf({ widthPx: image.widthPx, heightPx: image.heightPx, cells })
      const decoded: DecodedMask[] = []
      const pause = pauses(call.signal)
      for (const input of words) {
        await pause()
        decoded.push(await decodeRegions(grid, image, readRegions(input, vocabulary), segmenter, call, pause))
      }
      return decoded
    },

    close,
  }
}
