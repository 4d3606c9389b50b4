// Contact sheets: samples as rows of three panels: the picture with the true outline, the reconstruction, the difference.
import {
  area,
  type BoxXywhPx,
  crop,
  drawDifference,
  drawMasks,
  drawText,
  type Mask,
  type Picture,
  plainPicture,
  type Rgb,
  resizeBicubicPillow,
  resizeMaskNearest,
  textSize,
  tightBox,
} from '@maskwords/mask'
import { EvalError } from '../error.ts'
import type { CodecPicture } from './codec.ts'
import { type ReconstructionRow, sortedRows } from './sample.ts'

/** One sample of a contact sheet. */
export type SheetSample = {
  readonly picture: CodecPicture
  readonly truth: Mask
  readonly decoded: Mask
  /** One line in ASCII: it stands above the sample. */
  readonly caption: string
}

/** Which samples a contact sheet shows. */
export type SheetKind = 'worst' | 'median' | 'best'

/**
 * Rows to show, at most one a picture (several annotators draw the same region): the lowest IoU first, the highest first,
 * or those nearest to the median. Ties go to the lower picture and mask id. Rows without a reconstruction are left out.
 */
export function rowsToShow(
  rows: readonly ReconstructionRow[],
  kind: SheetKind,
  count: number,
): ReconstructionRow[] {
  const shown = sortedRows(rows).filter((row) => row.failure === undefined)
  const ious = shown.map((row) => row.iou).sort((a, b) => a - b)
  const median = ious[ious.length >> 1] ?? 0
  const rank = ({ iou }: ReconstructionRow) =>
    kind === 'worst' ? iou : kind === 'best' ? -iou : Math.abs(iou - median)
  const taken = new Set<string>()
  const chosen: ReconstructionRow[] = []
  // Array.prototype.sort is stable: ties keep the order of the ids.
  for (const row of shown.sort((a, b) => rank(a) - rank(b))) {
    if (chosen.length === count) break
    if (taken.has(row.picture)) continue
    taken.add(row.picture)
    chosen.push(row)
  }
  return chosen
}

const GROUND: Rgb = [22, 24, 30]
const INK: Rgb = [235, 235, 235]
const TRUTH: Rgb = [255, 214, 30]
const DECODED: Rgb = [80, 200, 255]
/** Told apart by people who do not see red and green apart, too. */
const BOTH: Rgb = [46, 196, 160]
const EXTRA: Rgb = [255, 122, 60]
const MISSING: Rgb = [96, 150, 255]

const PANEL = { widthPx: 264, heightPx: 190 }
const GAP_PX = 8
const LINE_PX = 20
const HEAD_PX = 62
const SAMPLE = { widthPx: 3 * (PANEL.widthPx + GAP_PX) + GAP_PX, heightPx: PANEL.heightPx + LINE_PX + GAP_PX }

/** Samples a sheet holds at most: memory of the sheet grows with them, and nobody looks at more. */
export const MAX_SHEET_SAMPLES = 60

/** The sheet as a picture, two samples a row. Throws EvalError for no samples or more than MAX_SHEET_SAMPLES. */
export function contactSheet(title: string, samples: readonly SheetSample[]): Picture {
  if (samples.length === 0 || samples.length > MAX_SHEET_SAMPLES) {
    throw new EvalError(
      'out-of-range',
      `a sheet of ${samples.length} samples; from 1 to ${MAX_SHEET_SAMPLES} are possible`,
    )
  }
  const columns = Math.min(2, samples.length)
  const rows = Math.ceil(samples.length / columns)
  let sheet = plainPicture(columns * SAMPLE.widthPx, HEAD_PX + rows * SAMPLE.heightPx, GROUND)
  sheet = drawText(sheet, title, { x: GAP_PX, y: 10, scale: 2, colour: INK })
  let x = GAP_PX + 2
  for (const [text, colour] of [
    ['true outline', TRUTH],
    ['reconstruction', DECODED],
    ['both', BOTH],
    ['extra', EXTRA],
    ['missing', MISSING],
  ] as const) {
    sheet = drawText(sheet, text, { x, y: 38, scale: 1, colour: [0, 0, 0], background: colour })
    x += textSize(text, 1).widthPx + 10
  }
  samples.forEach((sample, i) => {
    const left = (i % columns) * SAMPLE.widthPx + GAP_PX
    const top = HEAD_PX + Math.floor(i / columns) * SAMPLE.heightPx
    sheet = drawText(sheet, printable(sample.caption), { x: left, y: top + 4, scale: 1, colour: INK })
    panelsOf(sample).forEach((panel, k) => {
      const at = left + k * (PANEL.widthPx + GAP_PX) + Math.floor((PANEL.widthPx - panel.widthPx) / 2)
      place(sheet, panel, at, top + LINE_PX + Math.floor((PANEL.heightPx - panel.heightPx) / 2))
    })
  })
  return sheet
}

/** What the font has: printable ASCII. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?')
}

function panelsOf({ picture, truth, decoded }: SheetSample): Picture[] {
  const whole = { x: 0, y: 0, width: picture.widthPx, height: picture.heightPx }
  const near = surroundings(truth, decoded)
  const overview = scaled(picture, [truth], whole)
  const closer = scaled(picture, [truth, decoded], near)
  const [truthNear, decodedNear] = closer.masks as [Mask, Mask]
  return [
    drawMasks(overview.picture, [{ mask: overview.masks[0]!, colour: TRUTH, opacity: 0.15, contourPx: 2 }]),
    drawMasks(closer.picture, [
      { mask: decodedNear, colour: DECODED, opacity: 0.45, contourPx: 1 },
      { mask: truthNear, colour: TRUTH, opacity: 0, contourPx: 1 },
    ]),
    drawDifference(
      closer.picture,
      { truth: truthNear, prediction: decodedNear },
      { truePositive: BOTH, falsePositive: EXTRA, falseNegative: MISSING, opacity: 0.7 },
    ),
  ]
}

/** The box around both masks with an eighth of its size around it, cut at the picture. */
function surroundings(truth: Mask, decoded: Mask): BoxXywhPx {
  const boxes = [truth, decoded].filter((mask) => area(mask) > 0).map(tightBox)
  if (boxes.length === 0) return { x: 0, y: 0, width: truth.widthPx, height: truth.heightPx }
  const left = Math.min(...boxes.map((box) => box.x))
  const top = Math.min(...boxes.map((box) => box.y))
  const right = Math.max(...boxes.map((box) => box.x + box.width))
  const foot = Math.max(...boxes.map((box) => box.y + box.height))
  const margin = Math.ceil(Math.max(right - left, foot - top) / 8)
  const x = Math.max(0, left - margin)
  const y = Math.max(0, top - margin)
  return {
    x,
    y,
    width: Math.min(truth.widthPx, right + margin) - x,
    height: Math.min(truth.heightPx, foot + margin) - y,
  }
}

/** The part of the picture and of its masks in a box, at the largest size that fits a panel. */
function scaled(
  { widthPx, rgb }: CodecPicture,
  masks: readonly Mask[],
  box: BoxXywhPx,
): { picture: Picture; masks: Mask[] } {
  const bytes = new Uint8Array(box.width * box.height * 3)
  for (let y = 0; y < box.height; y++) {
    const from = ((box.y + y) * widthPx + box.x) * 3
    bytes.set(rgb.subarray(from, from + box.width * 3), y * box.width * 3)
  }
  const factor = Math.min(PANEL.widthPx / box.width, PANEL.heightPx / box.height)
  const to = {
    widthPx: Math.max(1, Math.min(PANEL.widthPx, Math.round(box.width * factor))),
    heightPx: Math.max(1, Math.min(PANEL.heightPx, Math.round(box.height * factor))),
  }
  const part = { widthPx: box.width, heightPx: box.height, channels: 3, bytes } as const
  return {
    picture: { ...resizeBicubicPillow(part, to), channels: 3 },
    masks: masks.map((mask) => resizeMaskNearest(crop(mask, box), to)),
  }
}

function place(sheet: Picture, picture: Picture, x: number, y: number): void {
  for (let row = 0; row < picture.heightPx; row++) {
    const from = row * picture.widthPx * 3
    const to = ((y + row) * sheet.widthPx + x) * 3
    sheet.bytes.set(picture.bytes.subarray(from, from + picture.widthPx * 3), to)
  }
}
