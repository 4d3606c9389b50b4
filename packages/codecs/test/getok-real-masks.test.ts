// GETok on real masks (COCO instances of pictures that fitted nothing); skipped where ../shared is not there.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { area, iou, type Mask, maskFromCocoPolygons, maskFromRings, tightBox } from '@maskwords/mask'
import { describe, expect, it } from 'vitest'
import { cellsToPoints, getokCodec, gridOf, hitShare } from '../src/index.ts'

const FILE = join(
  import.meta.dirname,
  '..',
  '..',
  '..',
  '..',
  'shared',
  'data',
  'coco-pool',
  'instances.json',
)
const present = existsSync(FILE)
if (!present) console.log(`skipped: GETok on real masks needs ${FILE}`)

/** Instances of at least 1 % of their picture, from the first pictures of odd number. */
function realMasks(pictures: number): Mask[] {
  const { images, annotations } = JSON.parse(readFileSync(FILE, 'utf8')) as {
    images: { id: number; width: number; height: number }[]
    annotations: { image_id: number; iscrowd: number; segmentation: number[][] }[]
  }
  const chosen = images.filter(({ id }) => id % 2 === 1).sort((a, b) => a.id - b.id)
  const masks: Mask[] = []
  for (const { id, width: widthPx, height: heightPx } of chosen.slice(0, pictures)) {
    for (const { image_id, iscrowd, segmentation } of annotations) {
      if (image_id !== id || iscrowd === 1) continue
      const mask = maskFromCocoPolygons({ widthPx, heightPx, polygons: segmentation })
      if (area(mask) >= 0.01 * widthPx * heightPx) masks.push(mask)
    }
  }
  return masks
}

describe.skipIf(!present)('GETok on real masks (skipped without ../shared/data)', () => {
  it('needs about as many points as the paper, nearly all inside, and comes back far better than the box', async () => {
    const codec = getokCodec()
    const masks = realMasks(24)
    const sums = { points: 0, hits: 0, box: 0, plain: 0, refined: 0 }
    for (const mask of masks) {
      const { widthPx, heightPx } = mask
      const image = await codec.encodeImage({ widthPx, heightPx })
      const [words] = await codec.encode(image, [mask])
      const [refined] = await codec.encode(image, [mask], { refine: true })
      const points = words!.codes.slice(2)
      sums.points += points.length
      sums.hits += hitShare(cellsToPoints(gridOf({ widthPx, heightPx }), points), mask)
      const { x, y, width, height } = tightBox(mask)
      const ring = [x, y, x + width, y, x + width, y + height, x, y + height]
      sums.box += iou(mask, maskFromRings({ widthPx, heightPx, rings: [ring] }))
      const [plain, better] = await codec.decode(image, [words!, refined!])
      sums.plain += iou(mask, plain!.mask)
      sums.refined += iou(mask, better!.mask)
    }
    const count = masks.length
    expect(count).toBeGreaterThan(50)
    expect(sums.points / count).toBeGreaterThan(7)
    expect(sums.points / count).toBeLessThan(13)
    expect(sums.hits / count).toBeGreaterThan(0.99)
    // The exact box, not the box of the words.
    expect(sums.plain / count).toBeGreaterThan(sums.box / count + 0.08)
    expect(sums.refined).toBeGreaterThan(sums.plain)
  })
})
