// CVAT's mask RLE: run lengths row by row inside a box, background first.
//
// In the API and its JSON a mask is one list, the run lengths followed by left, top, right, bottom of the box, right
// and bottom inclusive (cvat-core, ObjectState points of type mask). In XML exports the lengths are an attribute `rle`
// beside left, top, width and height.

import { countsFromEdges, edgesFromCounts } from './counts.ts'
import { MaskError } from './error.ts'
import { excerpt } from './excerpt.ts'
import { checkSize, MAX_DENSE_PIXELS, type Mask, maskFromEdges } from './mask.ts'
import { tightBox } from './measure.ts'
import { crop, paste } from './placement.ts'
import { transposedEdges } from './transpose.ts'

/**
 * Run ends that a row-major text may become column by column: a few numbers could claim hundreds of millions. Real
 * masks of 100 million pixels have about a hundred thousand.
 */
export const MAX_TURNED_EDGES = 2 ** 24

/** The attributes of a `<mask>` element in CVAT's XML. */
export type CvatXmlMask = {
  /** Run lengths, as a list or as the attribute's text: "3, 5, 12". */
  readonly rle: string | readonly number[]
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

/**
 * The mask of CVAT's `points` list: run lengths, then left, top, right, bottom in pixels (inclusive), in a picture of
 * widthPx x heightPx. Throws MaskError unless the box lies in the picture and the lengths cover exactly the box.
 */
export function maskFromCvatRle(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly points: readonly number[]
}): Mask {
  const { widthPx, heightPx, points } = input
  if (!Array.isArray(points) || points.length < 5) {
    throw new MaskError(
      'malformed',
      `CVAT RLE must be run lengths followed by left, top, right, bottom, got ${excerpt(points)}`,
    )
  }
  const [left, top, right, bottom] = points.slice(-4).map(wholeNumber) as [number, number, number, number]
  const box = { left, top, width: right - left + 1, height: bottom - top + 1 }
  return maskInBox(widthPx, heightPx, points.slice(0, -4), box)
}

/**
 * CVAT's `points` list of a mask: run lengths in its tight box, then left, top, right, bottom (inclusive). An empty
 * mask, which CVAT has no form for, becomes one background pixel at (0, 0). Throws MaskError for a picture without
 * pixels.
 */
export function cvatRleFromMask(mask: Mask): number[] {
  const { rle, left, top, width, height } = cvatXmlFromMask(mask)
  return [...rle, left, top, left + width - 1, top + height - 1]
}

/** The mask of the attributes of CVAT's XML element `<mask>`. Checks and errors as in `maskFromCvatRle`. */
export function maskFromCvatXml(input: {
  readonly widthPx: number
  readonly heightPx: number
  readonly mask: CvatXmlMask
}): Mask {
  const { widthPx, heightPx, mask } = input
  if (typeof mask !== 'object' || mask === null) {
    throw new MaskError('malformed', `CVAT RLE: mask must be an object with rle, left, top, width and height`)
  }
  const { rle } = mask
  if (typeof rle !== 'string' && !Array.isArray(rle)) {
    throw new MaskError('malformed', `CVAT RLE: rle must be text or a list of numbers, got ${excerpt(rle)}`)
  }
  const [left, top, width, height] = [mask.left, mask.top, mask.width, mask.height].map(wholeNumber) as [
    number,
    number,
    number,
    number,
  ]
  const counts = typeof rle === 'string' ? numbersOf(rle) : rle
  return maskInBox(widthPx, heightPx, counts, { left, top, width, height })
}

/** The attributes of CVAT's XML element `<mask>`; join `rle` with ", " for the text. Empty masks as in `cvatRleFromMask`. */
export function cvatXmlFromMask(mask: Mask): CvatXmlMask & { readonly rle: number[] } {
  if (mask.widthPx === 0 || mask.heightPx === 0) {
    throw new MaskError(
      'unsupported',
      `CVAT RLE has no form for a picture of ${mask.widthPx} x ${mask.heightPx}`,
    )
  }
  const tight = tightBox(mask)
  const box = tight.width === 0 ? { x: 0, y: 0, width: 1, height: 1 } : tight
  const rows = transposedEdges(crop(mask, box))
  const rle = Array.from(countsFromEdges(rows, box.width * box.height))
  return { rle, left: box.x, top: box.y, width: box.width, height: box.height }
}

function maskInBox(
  widthPx: number,
  heightPx: number,
  counts: readonly number[],
  box: { readonly left: number; readonly top: number; readonly width: number; readonly height: number },
): Mask {
  checkSize(widthPx, heightPx, MAX_DENSE_PIXELS)
  const { left, top, width, height } = box
  if (left < 0 || top < 0 || width < 1 || height < 1 || left + width > widthPx || top + height > heightPx) {
    throw new MaskError(
      'out-of-range',
      `CVAT RLE: the box at (${left}, ${top}) of ${width} x ${height} pixels is not inside a picture of ${widthPx} x ${heightPx} (width x height)`,
      {
        hint: 'check that the list ends with left, top, right, bottom and that the picture has the right size',
      },
    )
  }
  const rows = maskFromEdges(height, width, edgesFromCounts(counts, width * height, 'CVAT RLE'))
  const inBox = maskFromEdges(width, height, transposedEdges(rows, MAX_TURNED_EDGES))
  return paste(inBox, { x: left, y: top, widthPx, heightPx })
}

function numbersOf(text: string): number[] {
  return text.split(',').map((part, i) => {
    const digits = part.trim()
    if (!/^\d{1,10}$/.test(digits)) {
      throw new MaskError(
        'malformed',
        `CVAT RLE: entry ${i} of the text is ${excerpt(part)}, must be a whole number`,
        {
          at: i,
        },
      )
    }
    return Number(digits)
  })
}

function wholeNumber(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new MaskError('malformed', `CVAT RLE: ${excerpt(value)} in the box, must be a whole number`, {
      hint: 'a list of points ends with left, top, right, bottom',
    })
  }
  return value
}
