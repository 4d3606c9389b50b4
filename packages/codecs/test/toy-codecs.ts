// Codecs of no published size, small enough to be built in a moment, and their weights as files of either format.
import { type TensorToWrite, writeSafetensorsFile } from '@maskwords/checkpoint'
import { SAM2_CONFIGS } from '@maskwords/models'
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import { createHiMTok } from '../src/himtok/codec.ts'
import type { HimtokConfig } from '../src/himtok/config.ts'
import { createSam2 } from '../src/sam2/predictor.ts'
import { createSamTok } from '../src/samtok/codec.ts'
import { SAMTOK_PREFIX, type SamtokConfig } from '../src/samtok/config.ts'

export const TOY_SAMTOK: SamtokConfig = {
  sam2: {
    ...SAM2_CONFIGS.large,
    imagePx: 128,
    trunk: {
      embedDim: 8,
      heads: 2,
      stages: [1, 1, 2, 1],
      globalBlocks: [3],
      windows: [6, 4, 6, 2],
      background: [5, 3],
      poolings: 3,
    },
    width: 32,
    twoWay: { depth: 1, heads: 2, mlpWidth: 48, attentionDownsample: 2 },
    maskPromptWidth: 8,
  },
  codesPerLevel: 16,
  levels: 3,
}

export const TOY_HIMTOK: HimtokConfig = {
  sizePx: 32,
  patchPx: 8,
  latents: 6,
  codebookSize: 20,
  codeSize: 5,
  encoder: { width: 16, layers: 2, heads: 2 },
  decoder: { width: 24, layers: 1, heads: 3 },
  pixelDecoder: { inputChannels: 24, channels: 32, multipliers: [1, 1, 2, 2], blocks: 1, outputChannels: 3 },
  mlpRatio: 2,
  profile: 'clean',
}

/** Every key and shape that a configuration asks for, by building it once. */
export async function wantedWeights(
  config: { readonly samtok: SamtokConfig } | { readonly himtok: HimtokConfig },
): Promise<Map<string, readonly number[]>> {
  const wanted = new Map<string, readonly number[]>()
  const weights = (key: string, shape: readonly number[]): Float32Array => {
    wanted.set(key, shape)
    return formulaWeights(key, shape)
  }
  const session = { worker: false, threads: 1 } as const
  const codec =
    'samtok' in config
      ? await createSamTok({ config: config.samtok, weights, session })
      : await createHiMTok({ config: config.himtok, weights, session })
  await codec.close()
  // A published SAMTok file holds the whole SAM 2, the parts that SAMTok leaves unused too.
  if ('samtok' in config)
    await (await createSam2({ config: config.samtok.sam2, prefix: SAMTOK_PREFIX, weights, session })).close()
  return wanted
}

/** Formula weights of such keys as a safetensors file; `rename` changes the keys it stores them under. */
export async function writeWeights(
  path: string,
  wanted: ReadonlyMap<string, readonly number[]>,
  rename: (key: string) => string = (key) => key,
): Promise<void> {
  const tensors = [...wanted].map(
    ([key, shape]): TensorToWrite => ({
      name: rename(key),
      dtype: 'float32',
      shape,
      data: () => formulaWeights(key, shape),
    }),
  )
  await writeSafetensorsFile(path, { tensors })
}
