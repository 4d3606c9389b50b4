// Filling polygons by COCO's rule.
import { maskFromCocoPolygons } from '@maskwords/mask'
import { cocoBaseline, type PolygonItem } from './coco-baseline.ts'
import { bestNs, printMachine, printRows } from './harness.ts'
import { realMasks, SIZES, starRing } from './mask-samples.ts'

printMachine('polygons to runs')
const groups: { what: string; items: readonly PolygonItem[] }[] = SIZES.flatMap(({ widthPx, heightPx }) =>
  [48, 720].map((vertices) => ({
    what: `star of ${vertices} vertices, ${widthPx} x ${heightPx}`,
    items: [{ widthPx, heightPx, ring: starRing(widthPx, heightPx, vertices) }],
  })),
)
const real = realMasks()
if (real !== undefined) groups.push({ what: `${real.rings.length} COCO polygons`, items: real.rings })

const baseline = await cocoBaseline()
const baselineNs = baseline?.('polygon', groups)
printRows({
  rows: groups.map(({ what, items }, i) => ({
    what,
    oursNs: bestNs(() => {
      for (const { widthPx, heightPx, ring } of items)
        maskFromCocoPolygons({ widthPx, heightPx, polygons: [ring] })
    }),
    baselineNs: baselineNs?.[i],
  })),
  baseline: 'rleFrPoly',
  target: 2,
})
