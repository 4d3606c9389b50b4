// COCO's compressed text: writing and reading.
import { cocoStringFromMask, type Mask, maskFromCocoString } from '@maskwords/mask'
import { cocoBaseline } from './coco-baseline.ts'
import { bestNs, printMachine, printRows } from './harness.ts'
import { realMasks, SIZES, starMask } from './mask-samples.ts'

printMachine('COCO RLE text')
const groups: { what: string; masks: readonly Mask[] }[] = SIZES.map(({ widthPx, heightPx }) => ({
  what: `star ${widthPx} x ${heightPx}`,
  masks: [starMask(widthPx, heightPx)],
}))
const real = realMasks()
if (real !== undefined) groups.push({ what: `${real.masks.length} COCO masks`, masks: real.masks })

const baseline = await cocoBaseline()
const masksOfGroups = groups.map(({ masks }) => ({ items: masks }))
const writeNs = baseline?.('write', masksOfGroups)
const readNs = baseline?.('read', masksOfGroups)
printRows({
  rows: groups.map(({ what, masks }, i) => ({
    what: `${what}, write`,
    oursNs: bestNs(() => {
      for (const mask of masks) cocoStringFromMask(mask)
    }),
    baselineNs: writeNs?.[i],
  })),
  baseline: 'rleToString',
  target: 4,
})
printRows({
  rows: groups.map(({ what, masks }, i) => {
    const inputs = masks.map((mask) => ({
      widthPx: mask.widthPx,
      heightPx: mask.heightPx,
      text: cocoStringFromMask(mask),
    }))
    return {
      what: `${what}, read`,
      oursNs: bestNs(() => {
        for (const input of inputs) maskFromCocoString(input)
      }),
      baselineNs: readNs?.[i],
    }
  }),
  baseline: 'rleFrString',
  target: 4,
})
