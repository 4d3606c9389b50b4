// Pictures through the detector of a nano model: what it says of them as numbers for the eyes. Its weights never move, so this is done once a
// picture.
import type { CodecWeights, Nanodet, Pixels } from '@maskwords/codecs'
import { openNanodet } from '@maskwords/codecs'
import type { Detection, DetectorEyesConfig } from '@maskwords/models'
import {
  BOX_FREQUENCIES,
  DETECTOR_PREFIX,
  detections,
  detectorEyesShape,
  nanodetSides,
} from '@maskwords/models'
import type { Patches } from './patches.ts'

/** Things less sure than this are not shown. */
const LEAST_SCORE = 0.05
const EPSILON = 1e-6

export type Detector = {
  /** [cells, cellWidth] and behind them [objects, objectWidth], as the eyes take them. */
  look(picture: Pixels): Promise<Patches>
  close(): Promise<void>
}

/** The network is loaded with the first picture. */
export function openDetector(
  config: DetectorEyesConfig,
  weights: CodecWeights,
  session: { readonly threads?: number; readonly worker?: boolean } = {},
): Detector {
  const { imagePx } = config.detector
  let opening: Promise<Nanodet> | undefined
  return {
    async look(picture) {
      opening ??= openNanodet(weights, { session, config: config.detector, prefix: DETECTOR_PREFIX })
      const { maps, scores, distances } = await (await opening).features(picture)
      const things = detections({ scores, distances }, config.detector, {
        widthPx: imagePx,
        heightPx: imagePx,
        threshold: LEAST_SCORE,
        limit: config.objects,
      })
      return patchesOfDetections({ maps, scores, things }, config)
    },
    async close() {
      await (await opening)?.close()
    },
  }
}

type Seen = {
  readonly maps: readonly Float32Array[]
  readonly scores: readonly Float32Array[]
  readonly things: readonly Detection[]
}

/** What the eyes read of one picture. */
export function patchesOfDetections(seen: Seen, config: DetectorEyesConfig): Patches {
  const shape = detectorEyesShape(config)
  const values = new Float32Array(shape.cells * shape.cellWidth + config.objects * shape.objectWidth)
  const cells = values.subarray(0, shape.cells * shape.cellWidth)
  fillCells(cells, seen, config)
  seen.things.forEach((thing, i) => {
    const at = cells.length + i * shape.objectWidth
    fillObject(values.subarray(at, at + shape.objectWidth), thing, seen, config)
  })
  return { grid: { frames: 1, rows: shape.rows, columns: shape.columns }, values }
}

/** A map [width, side, side] at one cell, put at `at`. */
function copyCell(
  out: Float32Array,
  at: number,
  map: Float32Array,
  side: number,
  cell: number,
  width: number,
): void {
  const plane = side * side
  for (let c = 0; c < width; c++) out[at + c] = map[c * plane + cell]!
}

/** Adds the mean of a map over cells [left, right) x [top, bottom) at `at`. */
function copyMean(
  out: Float32Array,
  at: number,
  map: Float32Array,
  side: number,
  box: readonly [left: number, top: number, right: number, bottom: number],
  width: number,
): void {
  const [left, top, right, bottom] = box
  const count = (right - left) * (bottom - top)
  for (let c = 0; c < width; c++) {
    let sum = 0
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) sum += map[(c * side + y) * side + x]!
    }
    out[at + c] = sum / count
  }
}

/** Divides by the root of the mean square, so that no map is louder than another. */
function level(part: Float32Array): void {
  let sum = 0
  for (const value of part) sum += value * value
  const scale = 1 / Math.sqrt(sum / part.length + EPSILON)
  for (let i = 0; i < part.length; i++) part[i]! *= scale
}

function fillCells(out: Float32Array, { maps, scores }: Seen, config: DetectorEyesConfig): void {
  const { side, cellWidth } = detectorEyesShape(config)
  const { width, classes } = config.detector
  const sides = nanodetSides(config.detector)
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const row = out.subarray((y * side + x) * cellWidth, (y * side + x + 1) * cellWidth)
      copyCell(row, 0, maps[2]!, side, y * side + x, width)
      level(row.subarray(0, width))
      for (let part = 0; part < 4; part++) {
        const cell = (2 * y + (part >> 1)) * sides[1]! + 2 * x + (part & 1)
        copyCell(row, width * (1 + part), maps[1]!, sides[1]!, cell, width)
      }
      level(row.subarray(width, 5 * width))
      copyMean(row, 5 * width, maps[0]!, sides[0]!, [4 * x, 4 * y, 4 * x + 4, 4 * y + 4], width)
      level(row.subarray(5 * width, 6 * width))
      const best = row.subarray(6 * width)
      for (const [scale, values] of scores.entries()) {
        const factor = sides[scale]! / side
        for (let dy = 0; dy < factor; dy++) {
          for (let dx = 0; dx < factor; dx++) {
            const from = ((y * factor + dy) * sides[scale]! + x * factor + dx) * classes
            for (let c = 0; c < classes; c++) {
              if (values[from + c]! > best[c]!) best[c] = values[from + c]!
            }
          }
        }
      }
    }
  }
}

function fillObject(out: Float32Array, thing: Detection, { maps }: Seen, config: DetectorEyesConfig): void {
  const { imagePx, classes, width } = config.detector
  const [left, top, right, bottom] = thing.boxXyxyPx.map((edge) => edge / imagePx) as [
    number,
    number,
    number,
    number,
  ]
  out[thing.category] = thing.score
  out[classes] = 1
  let at = classes + 1
  for (const value of [(left + right) / 2, (top + bottom) / 2, right - left, bottom - top]) {
    out[at++] = value
    for (let k = 0; k < BOX_FREQUENCIES; k++) {
      out[at++] = Math.sin(2 ** k * Math.PI * value)
      out[at++] = Math.cos(2 ** k * Math.PI * value)
    }
  }
  nanodetSides(config.detector).forEach((side, scale) => {
    const first = (edge: number) => Math.max(0, Math.min(side - 1, Math.floor(edge * side)))
    const behind = (edge: number, from: number) => Math.max(from + 1, Math.min(side, Math.ceil(edge * side)))
    const [x, y] = [first(left), first(top)]
    copyMean(out, at, maps[scale]!, side, [x, y, behind(right, x), behind(bottom, y)], width)
    level(out.subarray(at, at + width))
    at += width
  })
}
