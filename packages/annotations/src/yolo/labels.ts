// A YOLO label file: `class x1 y1 x2 y2 ...` is an outline in parts of the picture's sides, five numbers are a box (`class centre-x
// centre-y width height`) (Ultralytics, "Instance segmentation datasets overview").
import type { SizePx } from '@maskwords/mask'
import { bad, type Loss } from '../found.ts'

/** How far rounding may put a coordinate beyond the picture's side. */
const ROUNDING = 1e-4

/** A line of a label file, in pixels of the picture. */
export type YoloLine = {
  /** From 1. */
  readonly line: number
  /** The class's number, undefined where it cannot be read. */
  readonly label: number | undefined
} & (
  | { readonly outlinePx: readonly number[]; readonly boxXywhPx?: undefined; readonly lost?: undefined }
  | {
      readonly boxXywhPx: readonly [number, number, number, number]
      readonly outlinePx?: undefined
      readonly lost?: undefined
    }
  | { readonly lost: Loss; readonly outlinePx?: undefined; readonly boxXywhPx?: undefined }
)

/** The lines of a label file, those that cannot be read too; empty ones are passed over. */
export function readYoloLabels(text: string, { widthPx, heightPx }: SizePx): YoloLine[] {
  return text.split(/\r?\n/).flatMap((row, index): YoloLine[] => {
    if (row.trim() === '') return []
    const [number = Number.NaN, ...parts] = row.trim().split(/\s+/).map(Number)
    const line = index + 1
    const label = Number.isInteger(number) && number >= 0 ? number : undefined
    const isOutline = parts.length >= 6 && parts.length % 2 === 0
    const isBox = parts.length === 4
    if (label === undefined || !(isOutline || isBox)) {
      const message = `neither class and outline nor class and box: ${row.slice(0, 80)}`
      return [{ line, label, ...bad('bad-field', message) }]
    }
    if (!parts.every((part) => part >= -ROUNDING && part <= 1 + ROUNDING)) {
      const message = `coordinates are parts of the sides, 0 to 1; got ${row.slice(0, 80)}`
      return [{ line, label, ...bad('bad-geometry', message) }]
    }
    const px = parts.map((part, i) => Math.min(1, Math.max(0, part)) * (i % 2 === 0 ? widthPx : heightPx))
    if (isOutline) return [{ line, label, outlinePx: px }]
    const [x, y, width, height] = px as [number, number, number, number]
    return [{ line, label, boxXywhPx: [x - width / 2, y - height / 2, width, height] }]
  })
}

/** Whether a text looks like a label file: its first line is a class and an even number of parts. */
export function looksLikeYoloLabels(text: string): boolean {
  const first = text.split(/\r?\n/).find((row) => row.trim() !== '') ?? ''
  return /^\s*\d+(?:\s+-?\d*\.?\d+(?:e-?\d+)?){4,}\s*$/i.test(first)
}
