// What a model's folder says beside its sizes: how pictures are cut (preprocessor_config.json, processor_config.json,
// video_preprocessor_config.json), the chat template, and how answers are made (generation_config.json).
import { isRecord } from '@maskwords/base'
import type { QwenConfig, QwenVisionConfig } from '@maskwords/models'
import { MllmError } from './error.ts'
import type { ModelFolder } from './folder.ts'
import { type Json, objectOr } from './json.ts'
import type { PictureSettings } from './patches.ts'

export type GenerationSettings = {
  readonly repetitionPenalty: number
  /** Ids that end an answer. */
  readonly ends: readonly number[]
  /** Longest prompt and answer together. */
  readonly maxTokens: number | undefined
}

const CLIP = {
  mean: [0.48145466, 0.4578275, 0.40821073],
  deviation: [0.26862954, 0.26130258, 0.27577711],
}
const HALVES = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] }

/** Limits that transformers takes where no file says any. */
const LIMITS = {
  'qwen2.5-vl': { image: [56 * 56, 28 * 28 * 1280], video: [128 * 28 * 28, 28 * 28 * 768] },
  'qwen3-vl': { image: [56 * 56, 28 * 28 * 1280], video: [128 * 32 * 32, 32 * 32 * 768] },
} as const

/** A detector sees every picture squashed to its square; nothing is cut into patches. */
const SQUASHED: PictureSettings = {
  minPixels: 1,
  maxPixels: Number.MAX_SAFE_INTEGER,
  patchPx: 1,
  patchFrames: 1,
  merge: 1,
  mean: [0, 0, 0],
  deviation: [1, 1, 1],
}

function pictureSettings(
  json: Json,
  kind: 'image' | 'video',
  vision: QwenVisionConfig,
  file: string,
): PictureSettings {
  const size = objectOr(json['size'])
  const colours = vision.kind === 'qwen2.5-vl' ? CLIP : HALVES
  const [least, most] = LIMITS[vision.kind][kind]
  const number = (value: unknown, otherwise: number, name: string): number => {
    if (value === undefined || value === null) return otherwise
    if (typeof value === 'number' && value > 0) return value
    throw new MllmError('damaged', `${file}: ${name} is ${JSON.stringify(value)}; wanted a number above 0`)
  }
  const numbers = (value: unknown, otherwise: readonly number[], name: string): readonly number[] => {
    if (value === undefined || value === null) return otherwise
    if (Array.isArray(value) && value.length === 3 && value.every((one) => typeof one === 'number'))
      return value
    throw new MllmError('damaged', `${file}: ${name} is ${JSON.stringify(value)}; wanted three numbers`)
  }
  const settings = {
    minPixels: number(json['min_pixels'] ?? size['shortest_edge'], least, 'min_pixels'),
    maxPixels: number(json['max_pixels'] ?? size['longest_edge'], most, 'max_pixels'),
    patchPx: number(json['patch_size'], vision.patchPx, 'patch_size'),
    patchFrames: number(json['temporal_patch_size'], vision.patchFrames, 'temporal_patch_size'),
    merge: number(json['merge_size'], vision.merge, 'merge_size'),
    mean: numbers(json['image_mean'], colours.mean, 'image_mean'),
    deviation: numbers(json['image_std'], colours.deviation, 'image_std'),
  }
  for (const name of ['patchPx', 'patchFrames', 'merge'] as const) {
    if (settings[name] !== vision[name]) {
      throw new MllmError(
        'damaged',
        `${file} cuts patches with ${name} ${settings[name]}, config.json says ${vision[name]}`,
        { hint: 'the files belong to different models' },
      )
    }
  }
  return settings
}

/** How pictures and videos are cut; undefined where the model has no eyes. */
export async function readPictureSettings(
  folder: ModelFolder,
  config: QwenConfig,
): Promise<{ image: PictureSettings; video: PictureSettings } | undefined> {
  const { vision } = config
  if (vision === undefined) return undefined
  if (vision.kind === 'detector') return { image: SQUASHED, video: SQUASHED }
  const processor = objectOr(await folder.json('processor_config.json'))
  const own = await folder.json('preprocessor_config.json')
  const image = isRecord(processor['image_processor']) ? processor['image_processor'] : objectOr(own)
  const video = isRecord(processor['video_processor'])
    ? processor['video_processor']
    : await folder.json('video_preprocessor_config.json')
  // Without a file of their own, videos of Qwen2.5-VL are cut by the pictures' file.
  const videoJson = isRecord(video) ? video : vision.kind === 'qwen2.5-vl' ? image : {}
  return {
    image: pictureSettings(image, 'image', vision, 'preprocessor_config.json'),
    video: pictureSettings(videoJson, 'video', vision, 'video_preprocessor_config.json'),
  }
}

/** The chat template's text, wherever the folder keeps it. */
export async function readChatTemplate(folder: ModelFolder): Promise<string> {
  const own = await folder.text('chat_template.jinja')
  if (own !== undefined) return own
  for (const file of ['chat_template.json', 'processor_config.json', 'tokenizer_config.json']) {
    const template = objectOr(await folder.json(file))['chat_template']
    if (typeof template === 'string') return template
    // Several templates by name, as old tokenizer files have them.
    if (Array.isArray(template)) {
      const named = template.filter(isRecord).find(({ name }) => name === 'default')
      if (typeof named?.['template'] === 'string') return named['template']
    }
  }
  throw new MllmError('not-found', `${folder.path}: no chat template`, {
    hint: 'copy chat_template.jinja or chat_template.json from the model that this one was made from',
  })
}

/** Penalty and end words; of config.json where there is no generation_config.json. */
export async function readGenerationSettings(folder: ModelFolder): Promise<GenerationSettings> {
  const generation = objectOr(await folder.json('generation_config.json'))
  const config = objectOr(await folder.json('config.json'))
  const text = objectOr(config['text_config'])
  const given = generation['eos_token_id'] ?? config['eos_token_id'] ?? text['eos_token_id']
  const ends = (Array.isArray(given) ? given : [given]).filter((id): id is number => Number.isInteger(id))
  const penalty = generation['repetition_penalty'] ?? 1
  if (typeof penalty !== 'number' || !(penalty > 0)) {
    throw new MllmError('damaged', `generation_config.json: repetition_penalty is ${JSON.stringify(penalty)}`)
  }
  const length = text['max_position_embeddings'] ?? config['max_position_embeddings']
  const maxTokens = typeof length === 'number' && length > 0 ? length : undefined
  return { repetitionPenalty: penalty, ends, maxTokens }
}
