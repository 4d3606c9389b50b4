import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drawn, masksOfOneSize, pixelsOf } from '../test/masks.ts'
import { boxIou, intersectionArea, iou, pairwiseBoxIou, pairwiseIou } from './iou.ts'
import { emptyMask } from './mask.ts'
import { area } from './measure.ts'

const left = drawn('##..', '##..')
const middle = drawn('.##.', '.##.')

test('two squares that share a column have IoU 2 / 6, and against a crowd 2 / 4', () => {
  expect(intersectionArea(left, middle)).toBe(2)
  expect(iou(left, middle)).toBe(2 / 6)
  expect([...pairwiseIou({ detections: [left], truths: [middle, left], isCrowd: [1, 0] })]).toEqual([
    2 / 4,
    1,
  ])
})

test('masks without a common pixel have IoU 0, empty ones too', () => {
  expect(iou(emptyMask(4, 2), emptyMask(4, 2))).toBe(0)
  expect(iou(left, emptyMask(4, 2))).toBe(0)
  expect(iou(left, drawn('..##', '..##'))).toBe(0)
})

test('pairwise IoU agrees with counting pixels', () => {
  fc.assert(
    fc.property(masksOfOneSize(4), fc.array(fc.boolean(), { minLength: 2, maxLength: 2 }), (all, isCrowd) => {
      const [detections, truths] = [all.slice(0, 2), all.slice(2)]
      const values = pairwiseIou({ detections, truths, isCrowd })
      detections.forEach((detection, d) => {
        truths.forEach((truth, g) => {
          const p = pixelsOf(detection)
          const q = pixelsOf(truth)
          let both = 0
          let either = 0
          for (let y = 0; y < truth.heightPx; y++) {
            for (let x = 0; x < truth.widthPx; x++) {
              both += p(x, y) & q(x, y)
              either += p(x, y) | q(x, y)
            }
          }
          const whole = isCrowd[g] ? area(detection) : either
          expect(values[d * 2 + g]).toBe(both === 0 ? 0 : both / whole)
          expect(intersectionArea(detection, truth)).toBe(both)
        })
      })
    }),
    { numRuns: 1000 },
  )
})

test('boxes that share a quarter have IoU 1 / 7; touching or empty ones 0', () => {
  const box = { x: 0, y: 0, width: 2, height: 2 }
  expect(boxIou(box, { x: 1, y: 1, width: 2, height: 2 })).toBe(1 / 7)
  expect(boxIou(box, { x: 1, y: 1, width: 2, height: 2 }, true)).toBe(1 / 4)
  expect(boxIou(box, { x: 2, y: 0, width: 2, height: 2 })).toBe(0)
  expect(boxIou({ ...box, width: 0 }, { ...box, width: 0 })).toBe(0)
  expect([...pairwiseBoxIou({ detections: [box], truths: [box, { ...box, x: 0.5 }] })]).toEqual([1, 3 / 5])
})

test('other sizes and a crowd list of another length are refused', () => {
  expect(() => iou(left, emptyMask(2, 4))).toThrow(/different sizes/)
  expect(() => pairwiseIou({ detections: [left], truths: [left], isCrowd: [] })).toThrow(
    /0 entries for 1 truths/,
  )
})
