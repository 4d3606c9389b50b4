// Adapters in PEFT's layout (peft 0.21, utils/save_and_load.py): adapter_config.json, and adapter_model.safetensors whose keys are
// `base_model.model.` + the layer as transformers has it in memory + `.lora_A.weight` or `.lora_B.weight`.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openCheckpointFile, writeSafetensorsFile } from '@maskwords/checkpoint'
import { ensureFolder, MaskwordsError, writeWhole } from '@maskwords/files'
import type { QwenConfig } from '@maskwords/models'
import { qwenKey } from '@maskwords/models'
import { z } from 'zod'
import type { AdapterSettings } from './adapters.ts'

const ROOT = 'base_model.model.'
const WEIGHTS = 'adapter_model.safetensors'
const CONFIG = 'adapter_config.json'

/** The name under which transformers 5 has a published weight in memory. */
function memoryName(name: string, { family }: QwenConfig): string {
  if (family !== 'qwen2.5-vl') return name
  if (name.startsWith('visual.')) return `model.${name}`
  return name.replace(/^model\./, 'model.language_model.')
}

/** PEFT's pattern of layers: names where the model has no eyes, else an expression that leaves the eyes alone or not. */
function targetModules({ targets, eyes }: AdapterSettings, config: QwenConfig): string | string[] {
  if (config.vision === undefined || eyes) return [...targets]
  const names = targets.map((target) => target.replaceAll('.', '\\.')).join('|')
  return `model\\.language_model\\..*\\.(${names})`
}

/** Writes an adapter. Both files appear whole or not at all. Throws MaskwordsError `write-failed`. */
export async function writeAdapter(
  folder: string,
  adapter: {
    readonly settings: AdapterSettings
    readonly weights: ReadonlyMap<string, Float32Array>
    readonly shapes: ReadonlyMap<string, readonly number[]>
    readonly config: QwenConfig
    /** What `base_model_name_or_path` says. */
    readonly base: string
  },
): Promise<void> {
  const { settings, weights, shapes, config } = adapter
  const signal = new AbortController().signal
  await ensureFolder(folder)
  await writeSafetensorsFile(join(folder, WEIGHTS), {
    tensors: [...shapes].map(([name, shape]) => ({
      name: ROOT + memoryName(name, config),
      dtype: 'float32' as const,
      shape,
      data: weights.get(name) as Float32Array<ArrayBuffer>,
    })),
    metadata: { format: 'pt' },
    signal,
  })
  const json = {
    base_model_name_or_path: adapter.base,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    lora_alpha: settings.alpha,
    lora_dropout: 0,
    modules_to_save: null,
    peft_type: 'LORA',
    r: settings.rank,
    target_modules: targetModules(settings, config),
    task_type: 'CAUSAL_LM',
    use_dora: false,
    use_rslora: false,
  }
  const text = `${JSON.stringify(json, undefined, 2)}\n`
  await writeWhole(join(folder, CONFIG), new TextEncoder().encode(text), signal)
}

const configSchema = z.looseObject({
  peft_type: z.string(),
  r: z.number().int().min(1),
  lora_alpha: z.number(),
  target_modules: z.union([z.string(), z.array(z.string())]).nullish(),
})

/** Fields of PEFT that change what an adapter computes, and the values that change nothing. */
const PLAIN: Readonly<Record<string, readonly unknown[]>> = {
  use_rslora: [false],
  use_dora: [false],
  bias: ['none'],
  fan_in_fan_out: [false],
  rank_pattern: [],
  alpha_pattern: [],
  modules_to_save: [],
  layer_replication: [],
  trainable_token_indices: [],
  target_parameters: [],
}

const isNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && Object.keys(value as object).length === 0)

/**
 * Weights of an adapter by the names that they have here.
 * @throws MaskwordsError `malformed` for files that are no adapter, or of another rank, alpha or other layers than asked for;
 * `unsupported` for kinds of adapters that are more than LoRA.
 */
export async function readAdapter(
  folder: string,
  shapes: ReadonlyMap<string, readonly number[]>,
  settings: AdapterSettings | undefined,
  config: QwenConfig,
): Promise<Map<string, Float32Array>> {
  const file = join(folder, CONFIG)
  if (settings === undefined) {
    throw new MaskwordsError('usage', 'an adapter is given to go on with, and no adapter is to be trained', {
      file: folder,
      hint: 'say "lora" in the configuration',
    })
  }
  if (!existsSync(file))
    throw new MaskwordsError('not-found', `no ${CONFIG}: this is no folder of an adapter`, { file: folder })
  let json: unknown
  try {
    json = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new MaskwordsError('malformed', 'this is no JSON', { file, cause })
  }
  const parsed = configSchema.safeParse(json)
  if (!parsed.success) {
    throw new MaskwordsError(
      'malformed',
      `this is no adapter's configuration:\n${z.prettifyError(parsed.error)}`,
      { file },
    )
  }
  const { peft_type: type, r: rank, lora_alpha: alpha } = parsed.data
  const more = Object.entries(PLAIN).find(([field, plain]) => {
    const value = parsed.data[field]
    return !isNothing(value) && !plain.includes(value)
  })
  if (type !== 'LORA' || more) {
    const what = more ? `${more[0]} ${JSON.stringify(parsed.data[more[0]])}` : `peft_type ${type}`
    throw new MaskwordsError('unsupported', `an adapter with ${what}; plain LoRA is read`, { file })
  }
  if (rank !== settings.rank || alpha !== settings.alpha) {
    throw new MaskwordsError(
      'malformed',
      `an adapter of rank ${rank} and alpha ${alpha}; ${settings.rank} and ${settings.alpha} are configured`,
      { file, hint: 'set rank and alpha to those of the adapter' },
    )
  }
  const checkpoint = await openCheckpointFile(join(folder, WEIGHTS))
  try {
    const stored = new Map([...checkpoint.tensors.keys()].map((key) => [key.replace(ROOT, ''), key]))
    const read = new Map<string, Float32Array>()
    for (const [name, shape] of shapes) {
      const found = qwenKey(stored, name, config.family)
      const key = found === undefined ? undefined : stored.get(found)
      const info = key === undefined ? undefined : checkpoint.tensors.get(key)
      if (key === undefined || String(info?.shape) !== String(shape)) {
        throw new MaskwordsError(
          'malformed',
          info ? `"${key}" is [${info.shape}], [${shape}] is wanted` : `no weight for "${name}"`,
          { file: join(folder, WEIGHTS), hint: 'is it the adapter of this model, with these targets?' },
        )
      }
      read.set(name, await checkpoint.read(key, { as: 'float32' }))
      stored.delete(found!)
    }
    const [left] = stored.values()
    if (left !== undefined) {
      throw new MaskwordsError(
        'malformed',
        `"${left}" and ${stored.size - 1} more weights have no layer here`,
        {
          file: join(folder, WEIGHTS),
          hint: 'name all its targets in "lora"',
        },
      )
    }
    return read
  } finally {
    await checkpoint.close()
  }
}
