// A mask as an answer writes it: each dialect as the form that `readMask` reads back.

import type { MaskOutput, OutputDialect } from '@maskwords/client/schema'
import {
  area,
  cocoCountsFromMask,
  cocoPolygonsFromMask,
  cocoRleFromMask,
  cvatRleFromMask,
  labelStudioRleFromMask,
  type Mask,
  maskToPng,
  tightBox,
  transpose,
} from '@maskwords/mask'

export type WriteMaskOptions = { readonly dialect: OutputDialect; readonly tolerancePx: number }

/** The mask, its area and its box. */
export function measuredMask(mask: Mask, options: WriteMaskOptions) {
  const { x, y, width, height } = tightBox(mask)
  return {
    mask: writeMask(mask, options),
    areaPx: area(mask),
    boxXyxyPx: width === 0 ? null : ([x, y, x + width, y + height] as [number, number, number, number]),
  }
}

export function writeMask(mask: Mask, { dialect, tolerancePx }: WriteMaskOptions): MaskOutput {
  switch (dialect) {
    case 'coco-rle':
      return cocoRleFromMask(mask)
    case 'coco-counts':
      return cocoCountsFromMask(mask)
    case 'row-major-counts':
      return {
        size: [mask.heightPx, mask.widthPx],
        rowMajorCounts: cocoCountsFromMask(transpose(mask)).counts,
      }
    case 'polygons':
      return { polygons: cocoPolygonsFromMask(mask, { tolerancePx }) as number[][] }
    case 'png':
      return { png: base64(maskToPng(mask)) }
    case 'cvat-rle':
      return { cvatRle: cvatRleFromMask(mask) }
    case 'labelstudio-rle':
      return { labelStudioRle: Array.from(labelStudioRleFromMask(mask)) }
  }
}

export function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}
