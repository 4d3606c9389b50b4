// Recorded values of the C library: outlines that were drawn by a seed (fixtures/reference), and where they are beside the repository all
// 3,067 annotations of a part of COCO, exactly.
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { cocoRleFromMask, maskFromCocoRle } from './coco-rle.ts'
import { pairwiseIou } from './iou.ts'
import { equalMasks, type Mask } from './mask.ts'
import { area, tightBox } from './measure.ts'
import { maskFromCocoPolygons } from './polygon.ts'

const golden = new URL('../../../../shared/reference/coco-rle.golden.json', import.meta.url)
const instances = new URL('../../../../shared/data/coco-pool/instances.json', import.meta.url)
const missing = !existsSync(golden) || !existsSync(instances)
const title = missing ? ' (skipped: ../shared/reference and ../shared/data are not here)' : ''

type Golden = {
  masks: { annotation_id: number; size: [number, number]; counts: string; area: number; bbox: number[] }[]
  pairwise_iou: { annotation_ids: number[]; iscrowd: number[]; iou_column_major_dt_by_gt: number[] }[]
}
type Instances = {
  annotations: { id: number; segmentation: number[][] | { size: [number, number]; counts: number[] } }[]
}

type Drawn = {
  groups: {
    size: [number, number]
    masks: { polygons: number[][]; counts: string; area: number; bbox: number[] }[]
    iscrowd: number[]
    iou: number[][]
  }[]
}

test("drawn outlines give the C library's text, area, box and IoU", () => {
  const drawn = new URL('../../../fixtures/reference/coco-rle-drawn.golden.json', import.meta.url)
  const { groups } = JSON.parse(readFileSync(drawn, 'utf8')) as Drawn
  expect(groups.flatMap(({ masks }) => masks)).toHaveLength(72)
  for (const { size, masks, iscrowd, iou } of groups) {
    const [heightPx, widthPx] = size
    const ours = masks.map(({ polygons }) => maskFromCocoPolygons({ widthPx, heightPx, polygons }))
    const said = ours.map((mask) => {
      const { x, y, width, height } = tightBox(mask)
      return { ...cocoRleFromMask(mask), area: area(mask), bbox: [x, y, width, height] }
    })
    expect(said).toEqual(
      masks.map(({ counts, area: pixels, bbox }) => ({ size, counts, area: pixels, bbox })),
    )
    for (const [i, { counts }] of masks.entries())
      expect(equalMasks(maskFromCocoRle({ size, counts }), ours[i]!)).toBe(true)
    const overlaps = pairwiseIou({ detections: ours, truths: ours, isCrowd: iscrowd })
    for (const [d, row] of iou.entries())
      for (const [g, value] of row.entries())
        expect(Math.abs(overlaps[d * ours.length + g]! - value)).toBeLessThanOrEqual(1e-9)
  }
})

test.skipIf(missing)(`every real annotation gives the C library's text, area, box and IoU${title}`, () => {
  const { masks, pairwise_iou } = JSON.parse(readFileSync(golden, 'utf8')) as Golden
  const { annotations } = JSON.parse(readFileSync(instances, 'utf8')) as Instances
  const segmentations = new Map(annotations.map((a) => [a.id, a.segmentation]))
  const byId = new Map<number, Mask>()
  for (const { annotation_id, size, counts, area: pixels, bbox } of masks) {
    const segmentation = segmentations.get(annotation_id)!
    const mask = Array.isArray(segmentation)
      ? maskFromCocoPolygons({ widthPx: size[1], heightPx: size[0], polygons: segmentation })
      : maskFromCocoRle(segmentation)
    const box = tightBox(mask)
    expect({
      annotation_id,
      ...cocoRleFromMask(mask),
      area: area(mask),
      bbox: [box.x, box.y, box.width, box.height],
    }).toEqual({
      annotation_id,
      size,
      counts,
      area: pixels,
      bbox,
    })
    expect(equalMasks(maskFromCocoRle({ size, counts }), mask)).toBe(true)
    byId.set(annotation_id, mask)
  }
  expect(byId.size).toBe(3067)
  for (const { annotation_ids, iscrowd, iou_column_major_dt_by_gt } of pairwise_iou) {
    const all = annotation_ids.map((id) => byId.get(id)!)
    const ours = pairwiseIou({ detections: all, truths: all, isCrowd: iscrowd })
    const n = all.length
    for (let d = 0; d < n; d++) {
      for (let g = 0; g < n; g++) {
        // Recorded with nine decimals.
        expect(Math.abs(ours[d * n + g]! - iou_column_major_dt_by_gt[g * n + d]!)).toBeLessThanOrEqual(1e-9)
      }
    }
  }
})
