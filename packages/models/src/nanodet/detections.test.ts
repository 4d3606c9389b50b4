// Raw outputs of a detector to boxes: by hand.
import { expect, it } from 'vitest'
import { COCO_CATEGORIES, type Detection, detections, type RawDetections } from '../index.ts'

const CONFIG = { imagePx: 32, classes: 2, bins: 3 }
const PICTURE = { widthPx: 64, heightPx: 32 }

/** Outputs in which nothing is seen: 16, 4 and 1 cells. */
function nothing(): RawDetections {
  const cells = [16, 4, 1]
  return {
    scores: cells.map((count) => new Float32Array(count * CONFIG.classes)),
    distances: cells.map((count) => new Float32Array(count * 4 * CONFIG.bins)),
  }
}

type Seen = { level: number; cell: number; category: number; score: number; strides: readonly number[] }
function seen(...things: readonly Seen[]): RawDetections {
  const raw = nothing()
  for (const { level, cell, category, score, strides } of things) {
    raw.scores[level]![cell * CONFIG.classes + category] = score
    strides.forEach((distance, edge) => {
      // So sure that the softmax is one of one distance.
      raw.distances[level]![(4 * cell + edge) * CONFIG.bins + distance] = 200
    })
  }
  return raw
}
const boxes = (found: readonly Detection[]) =>
  found.map(({ boxXyxyPx, score, category }) => [...boxXyxyPx, category, Math.round(score * 100)])

it('distances in strides from the centre of a cell are stretched to the picture', () => {
  // Level 0, cell 5: row 1, column 1 of 4; its centre is (12, 12) of the square, one stride is 8.
  const raw = seen({ level: 0, cell: 5, category: 1, score: 0.5, strides: [0, 1, 2, 1] })
  expect(boxes(detections(raw, CONFIG, PICTURE))).toEqual([[24, 4, 56, 20, 1, 50]])
})

it('a distance is the mean of the distances by their probabilities', () => {
  const raw = seen({ level: 2, cell: 0, category: 0, score: 0.9, strides: [0, 0, 0, 0] })
  // Logits of 0, 1 and 2 strides to the right: probabilities 1/4, 1/2, 1/4 less a quarter of a stride.
  raw.distances[2]!.set([Math.log(2), Math.log(1), Math.log(1)], 2 * CONFIG.bins)
  const [found] = detections(raw, CONFIG, { widthPx: 320, heightPx: 32 })
  // The centre is at 160 of 320; 3/4 of a stride of 320 would be 400: cut at the edge. To the left 0 strides.
  expect(found!.boxXyxyPx).toEqual([160, 16, 320, 16])
  raw.distances[2]!.set([Math.log(6), Math.log(1), Math.log(1)], 2 * CONFIG.bins)
  expect(detections(raw, CONFIG, { widthPx: 320, heightPx: 32 })[0]!.boxXyxyPx[2]).toBeCloseTo(
    160 + 320 * 0.375,
    4,
  )
})

it('boxes of one class that overlap by more than half are one, the surest; other classes and lesser overlaps stay', () => {
  const wide = [1, 1, 1, 1]
  const raw = seen(
    { level: 1, cell: 0, category: 0, score: 0.6, strides: wide },
    { level: 0, cell: 5, category: 0, score: 0.8, strides: [1, 1, 1, 1] },
    { level: 0, cell: 1, category: 0, score: 0.7, strides: [1, 0, 1, 2] },
    { level: 0, cell: 5, category: 1, score: 0.4, strides: [1, 1, 1, 1] },
    { level: 0, cell: 15, category: 0, score: 0.29, strides: wide },
  )
  // (4, 4)-(20, 20); (4, 4)-(20, 20) again of the cell above; (0, 0)-(24, 24), 4/9 of which is the first.
  expect(boxes(detections(raw, CONFIG, { widthPx: 32, heightPx: 32 }))).toEqual([
    [4, 4, 20, 20, 0, 80],
    [0, 0, 24, 24, 0, 60],
    [4, 4, 20, 20, 1, 40],
  ])
  expect(boxes(detections(raw, CONFIG, { widthPx: 32, heightPx: 32, iou: 1, limit: 2 }))).toEqual([
    [4, 4, 20, 20, 0, 80],
    [4, 4, 20, 20, 0, 70],
  ])
  expect(detections(raw, CONFIG, { widthPx: 32, heightPx: 32, threshold: 0.2 })).toHaveLength(4)
})

it('outputs of another network, scores that are none and impossible options are told', () => {
  const raw = nothing()
  expect(detections(raw, CONFIG, PICTURE)).toEqual([])
  expect(() => detections(raw, { ...CONFIG, classes: 80 }, PICTURE)).toThrow(
    'level 0 has 32 scores and 192 distances; 1280 and 192 are wanted',
  )
  expect(() => detections(raw, CONFIG, { ...PICTURE, threshold: Number.NaN })).toThrow(
    'threshold is from 0 to 1, got NaN',
  )
  expect(() => detections(raw, CONFIG, { ...PICTURE, widthPx: 0 })).toThrow(
    'widthPx is a whole number of at least 1, got 0',
  )
  raw.scores[1]![3] = Number.NaN
  expect(() => detections(raw, CONFIG, PICTURE)).toThrow('level 1 has a score of NaN')
})

it('the categories are COCO’s 80 in its order', () => {
  expect(COCO_CATEGORIES).toHaveLength(80)
  expect(new Set(COCO_CATEGORIES).size).toBe(80)
  // Ids 1, 11, 13, 44, 67, 90 of the published list are the places 0, 10, 11, 39, 60, 79.
  expect([0, 10, 11, 39, 60, 79].map((at) => COCO_CATEGORIES[at])).toEqual([
    ...['person', 'fire hydrant', 'stop sign', 'bottle', 'dining table', 'toothbrush'],
  ])
})
