// The folder of a trained codec: weights in half precision, config.json, and the training configuration that made them.
import { join } from 'node:path'
import { writeSafetensorsFile } from '@maskwords/checkpoint'
import { formatCodecConfig } from '@maskwords/codec-loading'
import { ensureFolder, writeWhole } from '@maskwords/files'
import type { TrainConfig } from './config.ts'
import { codecWeights, type NamedWeights } from './stages.ts'

/** Writes a ready folder for `--codec`. Every file appears whole or not at all. Throws MaskwordsError `write-failed`. */
export async function writeCodecFolder(
  folder: string,
  options: { config: TrainConfig; weights: NamedWeights; steps: number; signal: AbortSignal },
): Promise<void> {
  const { config, weights, steps, signal } = options
  await ensureFolder(folder)
  const tensors = [...codecWeights(config, weights)].map(([name, { data, shape }]) => ({
    name,
    shape,
    dtype: 'float32' as const,
    data,
  }))
  await writeSafetensorsFile(join(folder, 'weights.safetensors'), {
    tensors,
    storeFloatsAs: 'float16',
    metadata: { codec: config.codec, name: config.name, steps: String(steps), seed: String(config.seed) },
    signal,
  })
  const text = formatCodecConfig(
    config.codec === 'samtok'
      ? { codec: 'samtok', name: config.name, config: config.network }
      : { codec: 'himtok', name: config.name, config: config.network },
  )
  await writeWhole(join(folder, 'config.json'), new TextEncoder().encode(text), signal)
}
