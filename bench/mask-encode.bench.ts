// Encoding bytes to runs: the C library reads columns; ours reads rows, as canvases and decoders give them, or columns.
import {
  columnMajorBytes,
  type Mask,
  maskFromColumnMajor,
  maskFromRowMajor,
  rowMajorBytes,
} from '@maskwords/mask'
import { cocoBaseline } from './coco-baseline.ts'
import { bestNs, printMachine, printRows } from './harness.ts'
import { realMasks, SIZES, starMask } from './mask-samples.ts'

printMachine('bytes to runs')
const groups: { what: string; masks: readonly Mask[] }[] = [
  ...SIZES.map(({ widthPx, heightPx }) => ({
    what: `star ${widthPx} x ${heightPx}`,
    masks: [starMask(widthPx, heightPx)],
  })),
  { what: 'star 641 x 481', masks: [starMask(641, 481)] },
]
const real = realMasks()
if (real !== undefined) groups.push({ what: '300 COCO masks', masks: real.masks.slice(0, 300) })

const baseline = await cocoBaseline()
const baselineNs = baseline?.(
  'encode',
  groups.map(({ masks }) => ({ items: masks })),
)
for (const order of ['row-major', 'column-major'] as const) {
  printRows({
    rows: groups.map(({ what, masks }, i) => {
      const inputs = masks.map((mask) => ({
        widthPx: mask.widthPx,
        heightPx: mask.heightPx,
        bytes: (order === 'row-major' ? rowMajorBytes(mask) : columnMajorBytes(mask)).slice(),
      }))
      const read = order === 'row-major' ? maskFromRowMajor : maskFromColumnMajor
      return {
        what: `${what}, ${order}`,
        oursNs: bestNs(() => {
          for (const input of inputs) read(input)
        }),
        baselineNs: baselineNs?.[i],
      }
    }),
    baseline: 'rleEncode (column-major)',
    target: 1.3,
  })
}
