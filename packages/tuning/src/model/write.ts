// What was learned as a model's folder: the files of the base, with the trained weights in them; or the adapter alone.

import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { TensorToWrite } from '@maskwords/checkpoint'
import { copyWhole, openCheckpointFile, writeSafetensorsFile } from '@maskwords/checkpoint'
import { ensureFolder } from '@maskwords/files'
import { qwenKey } from '@maskwords/models'
import { DOWN, hasAdapter, mergedWeight, UP } from './adapters.ts'
import type { Learner } from './learner.ts'
import { writeAdapter } from './peft.ts'

/** How trained weights are stored: as the base stores them, or in one type. */
export type StoredAs = 'stored' | 'float32' | 'bfloat16' | 'float16'

export type LearnedFolders = {
  /** The whole model; undefined where adapters were trained and not merged. */
  readonly model: string | undefined
  readonly adapter: string | undefined
}

/** Files of a model's folder beside its weights; what its card says is not true of the new one. */
const isBeside = (name: string): boolean =>
  /\.(json|jinja|txt|model)$/i.test(name) && !/\.index\.json$|^readme/i.test(name)

/**
 * Writes `model/`, a folder that `ask --model` takes, or `adapter/`, which PEFT takes, or both. Every file appears whole or not at all.
 * @throws MaskwordsError `write-failed`.
 */
export async function writeLearned(
  folder: string,
  learner: Learner,
  weights: ReadonlyMap<string, Float32Array>,
  options: { storedAs: StoredAs; merge: boolean; signal: AbortSignal },
): Promise<LearnedFolders> {
  const { lora } = learner.settings
  const adapter = lora && join(folder, 'adapter')
  if (adapter) {
    const { config, path } = learner.base
    await writeAdapter(adapter, { settings: lora, weights, shapes: learner.shapes, config, base: path })
  }
  if (lora && !options.merge) return { model: undefined, adapter }
  const model = join(folder, 'model')
  await writeModel(model, learner, weights, options)
  return { model, adapter }
}

async function writeModel(
  folder: string,
  { base, settings }: Learner,
  weights: ReadonlyMap<string, Float32Array>,
  { storedAs, signal }: { storedAs: StoredAs; signal: AbortSignal },
): Promise<void> {
  const { config, path } = base
  const { lora } = settings
  await ensureFolder(folder)
  for (const name of await readdir(path)) {
    if (isBeside(name)) await copyWhole(join(path, name), join(folder, name))
  }
  const source = await openCheckpointFile(path)
  try {
    /** By the name that the file has, what is written instead. */
    const trained = new Map<string, Float32Array>()
    if (!lora)
      for (const [name, value] of weights) trained.set(qwenKey(source.tensors, name, config.family)!, value)
    else {
      for (const [name, down] of weights) {
        if (!name.endsWith(DOWN)) continue
        const key = name.slice(0, -DOWN.length)
        if (!hasAdapter(key, lora, config)) continue
        const before = await base.weights.read(`${key}.weight`)
        const merged = mergedWeight(before, down, weights.get(key + UP)!, lora)
        trained.set(qwenKey(source.tensors, `${key}.weight`, config.family)!, merged)
      }
    }
    const tensors = [...source.tensors].map(([name, info]): TensorToWrite => {
      const value = trained.get(name)
      return value
        ? { name, dtype: 'float32', shape: info.shape, data: value as Float32Array<ArrayBuffer> }
        : { name, dtype: info.dtype, shape: info.shape, data: () => source.read(name) }
    })
    await writeSafetensorsFile(join(folder, 'model.safetensors'), {
      tensors,
      metadata: { format: 'pt' },
      storeFloatsAs: ({ name, dtype }) => {
        const own = source.tensors.get(name)!.dtype
        if (storedAs !== 'stored') return storedAs
        return dtype === 'float32' && (own === 'bfloat16' || own === 'float16') ? own : undefined
      },
      signal,
    })
  } finally {
    await source.close()
  }
}
