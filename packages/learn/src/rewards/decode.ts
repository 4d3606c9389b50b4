// Words of a response as masks, for rewards that compare masks: any codec that needs no picture, or a function of the caller.

import { type MaskCodec, readRegions, regionToWords } from '@maskwords/codecs'
import type { Mask } from '@maskwords/mask'
import { parseMaskWords, usableCodes } from '@maskwords/words'
import { LearnError } from '../error.ts'
import { MAX_MATCHED } from './boxes.ts'
import { saysNoMask } from './true-region.ts'

/** The masks that a text names, at the size of the picture; none for a text without any. */
export type RewardDecoder = (
  text: string,
  size: { readonly widthPx: number; readonly heightPx: number },
) => Promise<readonly Mask[]> | readonly Mask[]

/**
 * A decoder from a codec: GETok gives a mask for every region (offsets applied), HiMTok one for every span. Words that
 * name no mask give none. Throws LearnError `unsupported` for a codec that needs the picture (SAMTok).
 */
export function maskDecoder(codec: MaskCodec): RewardDecoder {
  const { vocabulary } = codec
  if (codec.needsImage) {
    throw new LearnError(
      'unsupported',
      `${codec.name} decodes words with the picture, which a reward does not have`,
      {
        hint: 'pass a decode function that knows the picture, or give masks with the samples',
      },
    )
  }
  return async (text, size) => {
    const codes = vocabulary.kind === 'getok' ? regionWords(text, vocabulary) : spanCodes(text, vocabulary)
    if (codes.length === 0) return []
    const image = await codec.encodeImage(size)
    const masks: Mask[] = []
    for (const words of codes.slice(0, MAX_MATCHED)) {
      try {
        masks.push(...(await codec.decode(image, [words])).map(({ mask }) => mask))
      } catch (error) {
        if (!saysNoMask(error)) throw error
      }
    }
    return masks
  }
}

function regionWords(text: string, vocabulary: Parameters<typeof readRegions>[1]): string[] {
  try {
    const regions = readRegions(text, vocabulary)
    // A closed line has no words as a region; such a text is decoded as one mask.
    if (regions.some(({ polygonCells }) => polygonCells !== undefined)) return [text]
    return regions.map((region) => regionToWords(region, vocabulary, region.offsets).text)
  } catch (error) {
    if (saysNoMask(error)) return []
    throw error
  }
}

const spanCodes = (text: string, vocabulary: Parameters<typeof parseMaskWords>[1]): number[][] =>
  usableCodes(parseMaskWords(text, vocabulary))
