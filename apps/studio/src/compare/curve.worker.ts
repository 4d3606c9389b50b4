// The points of the rate curve that need no network: shapes in a stated number of bits (@maskwords/eval), and GETok on
// several grids with and without offsets. Searches take a second or two, so they run here.

import { serveJobs } from '@maskwords/board/engine/job.ts'
import { getokCodec, type Pixels } from '@maskwords/codecs'
import { baselineMasks } from '@maskwords/eval'
import { iou, type Mask, resizeMaskNearest } from '@maskwords/mask'
import type { RatePoint } from './rate.ts'

export type CurveJob = { readonly mask: Mask; readonly pixels: Pixels }

/** Searches for shapes read the mask thousands of times; more pixels than these a side do not move an IoU by 0.002. */
const SHAPE_SIDE_PX = 512
const GETOK_CELLS = [16, 32] as const

serveJobs<CurveJob, readonly RatePoint[]>(async ({ mask, pixels }, give) => {
  for (const cells of GETOK_CELLS) {
    const codec = getokCodec({ cells })
    const image = await codec.encodeImage(pixels)
    for (const refine of [false, true]) {
      const [words] = await codec.encode(image, [mask], { refine })
      const [drawn] = await codec.decode(image, [words!.text])
      const { bits, tokens } = words!
      const family = refine ? 'getok, offsets' : 'getok'
      give([{ family, label: `grid ${cells}`, bits, tokens, iou: iou(mask, drawn!.mask) }])
    }
    await codec.close()
  }
  const shrink = Math.min(1, SHAPE_SIDE_PX / Math.max(mask.widthPx, mask.heightPx))
  const shrunk =
    shrink === 1
      ? mask
      : resizeMaskNearest(mask, {
          widthPx: Math.max(1, Math.round(mask.widthPx * shrink)),
          heightPx: Math.max(1, Math.round(mask.heightPx * shrink)),
        })
  // A speck may fall between the samples of a shrunk picture.
  const truth = shrunk.edges.length === 0 ? mask : shrunk
  give(
    baselineMasks(truth).flatMap(({ family, method, bits, mask: shape }) =>
      bits === undefined || family === 'ellipse of moments'
        ? []
        : [{ family, label: method.split(', ')[1]!, bits, iou: iou(truth, shape) }],
    ),
  )
})
