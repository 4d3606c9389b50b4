// Decoding runs to bytes, column by column as the C library does, and row by row.
import { type Mask, writeBytes } from '@maskwords/mask'
import { cocoBaseline } from './coco-baseline.ts'
import { bestNs, printMachine, printRows } from './harness.ts'
import { realMasks, SIZES, starMask } from './mask-samples.ts'

printMachine('runs to bytes')
const groups: { what: string; masks: readonly Mask[] }[] = SIZES.map(({ widthPx, heightPx }) => ({
  what: `star ${widthPx} x ${heightPx}`,
  masks: [starMask(widthPx, heightPx)],
}))
const real = realMasks()
if (real !== undefined) groups.push({ what: `${real.masks.length} COCO masks`, masks: real.masks })

const pool = new Uint8Array(
  Math.max(...groups.flatMap(({ masks }) => masks.map((m) => m.widthPx * m.heightPx))),
)
const views = new Map<number, Uint8Array>()
const viewOf = (pixels: number): Uint8Array => {
  let view = views.get(pixels)
  if (view === undefined) views.set(pixels, (view = pool.subarray(0, pixels)))
  return view
}

const baseline = await cocoBaseline()
const baselineNs = baseline?.(
  'decode',
  groups.map(({ masks }) => ({ items: masks })),
)
for (const order of ['column-major', 'row-major'] as const) {
  printRows({
    rows: groups.map(({ what, masks }, i) => ({
      what: `${what}, ${order}`,
      oursNs: bestNs(() => {
        for (const mask of masks) writeBytes({ mask, out: viewOf(mask.widthPx * mask.heightPx), order })
      }),
      baselineNs: baselineNs?.[i],
    })),
    baseline: 'rleDecode (column-major)',
    ...(order === 'column-major' ? { target: 0.1 } : {}),
  })
}
