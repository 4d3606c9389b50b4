// The module that a data thread opens: training sets read, windows drawn, batches made (see @maskwords/graph batchThreads).

import type { BatchSource } from '@maskwords/train'
import { atStage, type TrainConfig, type TrainStage } from './config.ts'
import { himtokBatches, samtokBatches } from './sets/batches.ts'
import { openTrainingSets } from './sets.ts'

export type BatchesOptions = { readonly config: TrainConfig; readonly stage: number }

/** Failures that are spelled out; a broken set would otherwise fill the screen. */
const SHOWN_FAILURES = 10

/** The batches of one stage of a training run. */
export async function openBatches(options: BatchesOptions): Promise<BatchSource> {
  const stage: TrainStage = options.config.stages[options.stage]!
  const config = atStage(options.config, stage)
  let failures = 0
  const sets = await openTrainingSets({
    data: config.data,
    pixels: config.codec === 'samtok',
    signal: new AbortController().signal,
    onFailure: ({ file, at, message }) => {
      failures++
      const place = [file, at].filter((part) => part !== undefined).join(' ')
      if (failures <= SHOWN_FAILURES) process.stderr.write(`left out ${place}: ${message}\n`)
      if (failures === SHOWN_FAILURES) process.stderr.write('further failures are not shown\n')
    },
  })
  // A HiMTok update takes a batch for each of its parts.
  const parts = config.codec === 'himtok' ? config.batch.parts : 1
  const [start, full] = stage.quantise
  const common = {
    sets,
    // Stages meet other windows of the same pictures.
    seed: config.seed * 1000 + options.stage,
    augmentation: config.augmentation,
    scenes: config.data.scenes,
    leastShare: config.data.leastShare,
    quantiseAfter: { start: start * parts, full: full * parts },
  }
  if (config.codec === 'samtok') {
    return samtokBatches({ ...common, ...config.batch, imagePx: config.network.sam2.imagePx })
  }
  const { sizePx, latents } = config.network
  return himtokBatches({
    ...common,
    sizePx,
    latents,
    masks: config.batch.masks / parts,
    levels: config.levels,
    blur: config.blur,
  })
}
