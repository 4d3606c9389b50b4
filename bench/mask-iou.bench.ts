// IoU of masks on runs, areas and boxes included: a pair of stars, and all pairs of masks of each picture.
import { type Mask, pairwiseIou } from '@maskwords/mask'
import { cocoBaseline } from './coco-baseline.ts'
import { bestNs, printMachine, printRows } from './harness.ts'
import { realMasks, SIZES, starMask } from './mask-samples.ts'

printMachine('IoU on runs')
const real = realMasks()
const sets: { what: string; groups: readonly (readonly Mask[])[] }[] = [
  ...SIZES.map(({ widthPx, heightPx }) => ({
    what: `2 x 2 stars ${widthPx} x ${heightPx}`,
    groups: [[starMask(widthPx, heightPx), starMask(widthPx, heightPx, 1)]],
  })),
  {
    what: '40 x 40 stars 640 x 480',
    groups: [Array.from({ length: 40 }, (_, i) => starMask(640, 480, i / 6))],
  },
  ...(real === undefined
    ? []
    : [{ what: `all pairs in ${real.byPicture.length} COCO pictures`, groups: real.byPicture }]),
]
const baseline = await cocoBaseline()
printRows({
  rows: sets.map(({ what, groups }) => ({
    what,
    oursNs: bestNs(() => {
      for (const masks of groups) pairwiseIou({ detections: masks, truths: masks })
    }),
    baselineNs: baseline?.('iou', [
      { items: groups.flat(), blockSizes: groups.map((masks) => masks.length) },
    ])[0],
  })),
  baseline: 'rleIou',
  target: 1.1,
})
