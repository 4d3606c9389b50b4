// A mask as JSON, XML or raw bytes state it, decoded by the reader of its dialect in @maskwords/mask.
import { type Mask, maskFromCocoRle, maskFromRowMajor, maskFromShapes } from '@maskwords/mask'
import { MaskwordsError } from '../error.ts'
import type { Size } from '../options.ts'
import { noSize, type StatedMask } from './found-masks.ts'

export type StatedMaskOptions = {
  readonly name: string
  /** Size of the picture, where the dialect does not say it. */
  readonly size?: Size | undefined
  /** Refuse masks of more pixels, whatever few bytes claim them. */
  readonly maxPixels: number
}

/** Decodes a stated mask. Throws MaskwordsError or MaskError. */
export function maskOfStated(stated: StatedMask, options: StatedMaskOptions): Mask {
  const size = sizeOf(stated) ?? options.size
  if (size === undefined) throw noSize(options, stated.at, stated.dialect)
  const pixels = size.widthPx * size.heightPx
  if (pixels > options.maxPixels) {
    throw new MaskwordsError(
      'too-large',
      `a mask of ${size.widthPx} x ${size.heightPx} (width x height), more than the limit of ${options.maxPixels.toLocaleString('en-US')} pixels`,
      { file: options.name, hint: `allow it: --max-pixels ${pixels}` },
    )
  }
  switch (stated.dialect) {
    case 'coco-rle':
    case 'coco-counts':
      return maskFromCocoRle({ size: stated.size, counts: stated.counts } as Parameters<
        typeof maskFromCocoRle
      >[0])
    case 'shapes':
      return maskFromShapes(stated.shapes, size)
  }
}

function sizeOf(stated: StatedMask): Size | undefined {
  const { size } = stated
  if (size === undefined || 'widthPx' in size) return size
  return { widthPx: size[1], heightPx: size[0] }
}

/** The mask of raw bytes: one a pixel, row by row from the top, 0 is background. */
export function maskOfRaw(bytes: Uint8Array, size: Size | undefined, name: string): Mask {
  if (size === undefined) throw noSize({ name }, 'top level', 'raw')
  const wanted = size.widthPx * size.heightPx
  if (bytes.length !== wanted) {
    throw new MaskwordsError(
      'size-mismatch',
      `${bytes.length} bytes; ${size.widthPx} x ${size.heightPx} pixels are ${wanted}`,
      {
        file: name,
        hint: 'raw is one byte a pixel, row by row; check --size WIDTHxHEIGHT',
      },
    )
  }
  return maskFromRowMajor({ ...size, bytes })
}
