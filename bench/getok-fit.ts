// Fits the numbers of GETok's coarse decoder to real masks and writes packages/codecs/src/getok/coarse-weights.ts.
//   node --conditions=@maskwords/source --import tsx bench/getok-fit.ts [--steps 3000]
// Deterministic for the same data. COCO pictures of even number and BSDS500 train; the report uses the others.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { area, type Mask } from '@maskwords/mask'
import { windowAround, windowFeatures } from '../packages/codecs/src/getok/coarse.ts'
import { type CoarseSample, fitCoarse } from '../packages/codecs/src/getok/coarse-fit.ts'
import { gridOf } from '../packages/codecs/src/getok/grid.ts'
import { regionPrompt } from '../packages/codecs/src/getok/offset.ts'
import { type Random, randomFrom } from '../packages/codecs/src/getok/random.ts'
import { sampleMask } from '../packages/codecs/src/getok/raster.ts'
import { bestOffsets, regionOfMask } from '../packages/codecs/src/getok/region.ts'
import { bsdsSamples, cocoSamples, haveData } from './getok-data.ts'

const SIDE = 24

/** A mask as the decoder may meet it: any grid, refined or not, sometimes with fewer points than were chosen. */
function sampleOf(mask: Mask, cells: number, random: Random): CoarseSample {
  const grid = gridOf({ widthPx: mask.widthPx, heightPx: mask.heightPx, cells })
  const whole = regionOfMask(grid, mask)
  const thin = random() < 0.15
  const kept = thin ? whole.pointCells.filter(() => random() < 0.7) : whole.pointCells
  const region = { ...whole, pointCells: kept.length > 0 ? kept : whole.pointCells }
  const prompt = regionPrompt(grid, region, random() < 0.4 ? bestOffsets(grid, mask, region) : undefined)
  const box = prompt.boxXyxyPx!
  const points = prompt.pointsXyPx
  const window = windowAround(grid, box, random() < 0.3 ? 0.15 : 0)
  return {
    features: windowFeatures(grid, { box, points }, window, SIDE, SIDE),
    truth: sampleMask(mask, SIDE, SIDE, window).bytes,
  }
}

if (haveData()) {
  const at = process.argv.indexOf('--steps')
  const steps = at < 0 ? 3000 : Number(process.argv[at + 1])
  const random = randomFrom(7)
  const samples: CoarseSample[] = []
  for (const { masks, held } of [...cocoSamples(), ...(await bsdsSamples('train'))]) {
    if (held) continue
    for (const mask of masks) {
      if (area(mask) < 0.0005 * mask.widthPx * mask.heightPx) continue
      for (const cells of [16, 32, 32, 64]) samples.push(sampleOf(mask, cells, random))
    }
  }
  console.error(`${samples.length} samples, ${steps} steps`)
  const weights = fitCoarse({ samples, steps })
  const text = `// The numbers of coarse-net.ts, written by bench/getok-fit.ts (${steps} steps on ${samples.length} samples). Not edited by hand.

export const COARSE_WEIGHTS: readonly number[] = [
  ${Array.from(weights, (weight) => Number(weight.toPrecision(4))).join(', ')},
]
`
  writeFileSync(
    join(import.meta.dirname, '..', 'packages', 'codecs', 'src', 'getok', 'coarse-weights.ts'),
    text,
  )
}
