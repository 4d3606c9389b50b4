// Boxes of a detector's raw outputs (RangiLyu/nanodet, GFLHead.get_bboxes: generalised focal loss, arXiv 2006.04388) and non-maximum
// suppression by class (as torchvision.ops.batched_nms). Pure TypeScript.
import { GraphError } from '@maskwords/graph'
import type { NanodetConfig } from './config.ts'
import { NANODET_STRIDES, nanodetSides } from './config.ts'

/** The outputs of the network for one picture, row-major; lists from fine to coarse. */
export type RawDetections = {
  /** [side², classes], 0 to 1. */
  readonly scores: readonly Float32Array[]
  /** [side², 4 bins] logits. */
  readonly distances: readonly Float32Array[]
}

/** One thing that was seen. */
export type Detection = {
  /** Left, top, right and bottom in pixels of the picture, within it. */
  readonly boxXyxyPx: readonly [left: number, top: number, right: number, bottom: number]
  /** The class's place in the list of categories. */
  readonly category: number
  /** Probability, 0 to 1. */
  readonly score: number
}

export type DetectionOptions = {
  /** The picture's own size: boxes are stretched back to it. */
  readonly widthPx: number
  readonly heightPx: number
  /** Least score. Default 0.3. */
  readonly threshold?: number
  /** Of boxes of one class that overlap by more than this IoU, the surest stays. Default 0.5. */
  readonly iou?: number
  /** At most so many, the surest. Default 100. */
  readonly limit?: number
}

/** Candidates that suppression looks at, as the published settings say; the surest of a picture that is full of things. */
const MOST_CANDIDATES = 1000

type Config = Pick<NanodetConfig, 'imagePx' | 'classes' | 'bins'>
type Candidate = {
  readonly level: number
  readonly cell: number
  readonly category: number
  readonly score: number
}

/**
 * The things in a picture, the surest first; equal scores by level, cell and class.
 * @throws GraphError `shape` for outputs of another size, `argument` for scores or options outside their range.
 */
export function detections(raw: RawDetections, config: Config, options: DetectionOptions): Detection[] {
  const { widthPx, heightPx, threshold = 0.3, iou = 0.5, limit = 100 } = options
  checkOptions({ widthPx, heightPx, threshold, iou, limit })
  const candidates = candidatesOf(raw, config, threshold)
  candidates.sort(
    (a, b) => b.score - a.score || a.level - b.level || a.cell - b.cell || a.category - b.category,
  )
  const scale = { x: widthPx / config.imagePx, y: heightPx / config.imagePx }
  const kept: Detection[] = []
  for (const candidate of candidates.slice(0, MOST_CANDIDATES)) {
    if (kept.length === limit) break
    const [left, top, right, bottom] = boxOf(raw.distances[candidate.level]!, candidate, config)
    const boxXyxyPx = [
      Math.max(0, left * scale.x),
      Math.max(0, top * scale.y),
      Math.min(widthPx, right * scale.x),
      Math.min(heightPx, bottom * scale.y),
    ] as const
    const { category, score } = candidate
    const covered = kept.some(
      (other) => other.category === category && overlap(other.boxXyxyPx, boxXyxyPx) > iou,
    )
    if (!covered) kept.push({ boxXyxyPx, category, score })
  }
  return kept
}

function checkOptions(options: Required<DetectionOptions>): void {
  const { widthPx, heightPx, threshold, iou, limit } = options
  const fail = (what: string, value: number): never => {
    throw new GraphError('argument', `detections: ${what}, got ${value}`)
  }
  for (const [name, value] of [
    ['widthPx', widthPx],
    ['heightPx', heightPx],
  ] as const) {
    if (!Number.isInteger(value) || value < 1) fail(`${name} is a whole number of at least 1`, value)
  }
  for (const [name, value] of [
    ['threshold', threshold],
    ['iou', iou],
  ] as const) {
    if (!(value >= 0 && value <= 1)) fail(`${name} is from 0 to 1`, value)
  }
  if (!Number.isInteger(limit) || limit < 0) fail('limit is a whole number of at least 0', limit)
}

function candidatesOf({ scores, distances }: RawDetections, config: Config, threshold: number): Candidate[] {
  const { classes, bins } = config
  const found: Candidate[] = []
  for (const [level, side] of nanodetSides(config).entries()) {
    const values = scores[level]
    const cells = side * side
    if (values?.length !== cells * classes || distances[level]?.length !== cells * 4 * bins) {
      throw new GraphError(
        'shape',
        `detections: level ${level} has ${values?.length ?? 'no'} scores and ${distances[level]?.length ?? 'no'} distances; ${cells * classes} and ${cells * 4 * bins} are wanted`,
        { hint: `${side} x ${side} cells, ${classes} classes, 4 x ${bins} distances` },
      )
    }
    for (let i = 0; i < values.length; i++) {
      const score = values[i]!
      if (!(score >= 0 && score <= 1)) {
        throw new GraphError(
          'argument',
          `detections: level ${level} has a score of ${score}, which is none from 0 to 1`,
        )
      }
      if (score >= threshold)
        found.push({ level, cell: Math.floor(i / classes), category: i % classes, score })
    }
  }
  return found
}

/** Left, top, right and bottom in pixels of the squashed picture: expected distances in strides from the cell's centre. */
function boxOf(logits: Float32Array, { level, cell }: Candidate, { imagePx, bins }: Config): number[] {
  const stride = NANODET_STRIDES[level]!
  const side = imagePx / stride
  const centre = [((cell % side) + 0.5) * stride, (Math.floor(cell / side) + 0.5) * stride]
  return [0, 1, 2, 3].map((edge) => {
    const distance = expectation(logits.subarray((4 * cell + edge) * bins, (4 * cell + edge + 1) * bins))
    const sign = edge < 2 ? -1 : 1
    return centre[edge % 2]! + sign * distance * stride
  })
}

/** Mean of 0, 1, 2, ... under the softmax of the logits. */
function expectation(logits: Float32Array): number {
  const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY)
  let total = 0
  let sum = 0
  logits.forEach((logit, bin) => {
    const weight = Math.exp(logit - most)
    total += weight
    sum += weight * bin
  })
  return sum / total
}

type Box = Detection['boxXyxyPx']

function overlap(a: Box, b: Box): number {
  const width = Math.min(a[2], b[2]) - Math.max(a[0], b[0])
  const height = Math.min(a[3], b[3]) - Math.max(a[1], b[1])
  if (width <= 0 || height <= 0) return 0
  const area = (box: Box): number => (box[2] - box[0]) * (box[3] - box[1])
  return (width * height) / (area(a) + area(b) - width * height)
}
