// Sizes of Qwen language models with and without eyes, as their config.json says them: Qwen2.5-VL, Qwen3-VL, Qwen2, Qwen3
// (transformers' configuration classes, whose defaults stand where a file is silent). Nested and flat files are read. The nano model is
// Qwen3-VL's text side with other eyes.
import { isRecord } from '@maskwords/base'
import { GraphError } from '@maskwords/graph'
import type { DetectorEyesConfig } from '../nano/config.ts'
import { readDetectorEyes } from '../nano/config.ts'
import { Fields } from './fields.ts'

export type QwenFamily = 'qwen2.5-vl' | 'qwen3-vl' | 'qwen2' | 'qwen3' | 'maskwords-nano'

export type QwenTextConfig = {
  readonly width: number
  readonly layers: number
  readonly heads: number
  readonly kvHeads: number
  readonly headWidth: number
  readonly mlpWidth: number
  readonly vocabularySize: number
  readonly normEpsilon: number
  readonly ropeTheta: number
  /** Whether q, k and v have biases (2, 2.5), and whether the output projection has one (3 with attention_bias). */
  readonly qkvBias: boolean
  readonly outputBias: boolean
  /** RMS norm of q and k a head, before the rotation (3). */
  readonly qkNorm: boolean
  /** Frequencies of time, height and width, of headWidth / 2; undefined where all follow the one position of text. */
  readonly sections: readonly [number, number, number] | undefined
  /** Frequencies take turns (3) instead of lying in three runs (2.5). */
  readonly interleaved: boolean
  /** The head is the embedding table. */
  readonly tied: boolean
}

export type QwenVisionConfig = {
  readonly kind: 'qwen2.5-vl' | 'qwen3-vl'
  readonly width: number
  readonly blocks: number
  readonly heads: number
  readonly mlpWidth: number
  /** Width of what the merger gives: the text model's. */
  readonly outputWidth: number
  readonly patchPx: number
  readonly patchFrames: number
  readonly channels: number
  /** Side of the square of patches that becomes one token. */
  readonly merge: number
  /** Qwen2.5-VL: side of a window in pixels, and the blocks that look at a whole frame. */
  readonly windowPx: number
  readonly wholeBlocks: readonly number[]
  /** Qwen3-VL: side of the table of learned positions, and the blocks whose output also reaches the text layers. */
  readonly positionSide: number
  readonly deepstackBlocks: readonly number[]
  readonly activation: 'silu' | 'gelu-tanh'
  /** Steps of time position in a second of video (Qwen2.5-VL). */
  readonly positionsPerSecond: number
}

export type QwenConfig = {
  readonly family: QwenFamily
  readonly text: QwenTextConfig
  readonly vision: QwenVisionConfig | DetectorEyesConfig | undefined
  /** Ids of the words that stand for pictures and videos; undefined without eyes. */
  readonly tokens:
    | {
        readonly image: number
        readonly video: number
        readonly visionStart: number
        readonly visionEnd: number
      }
    | undefined
}

const FAMILIES: Readonly<Record<string, QwenFamily>> = {
  qwen2_5_vl: 'qwen2.5-vl',
  qwen3_vl: 'qwen3-vl',
  qwen2: 'qwen2',
  qwen3: 'qwen3',
  maskwords_nano: 'maskwords-nano',
}

type Json = Readonly<Record<string, unknown>>

/**
 * The sizes in a parsed config.json.
 * @throws GraphError `unsupported` for other families, rope kinds, activations and sliding windows; `malformed` for fields that
 * are no sizes or contradict each other.
 */
export function readQwenConfig(json: unknown): QwenConfig {
  if (!isRecord(json)) throw new GraphError('malformed', 'config.json: the top level is no object')
  const type = json['model_type']
  const family = typeof type === 'string' ? FAMILIES[type] : undefined
  if (family === undefined) {
    const architectures = Array.isArray(json['architectures']) ? ` (${json['architectures'].join(', ')})` : ''
    throw new GraphError(
      'unsupported',
      `config.json: a model of type ${JSON.stringify(type)}${architectures} cannot be run here`,
      { hint: `models that can: ${Object.keys(FAMILIES).join(', ')}` },
    )
  }
  const seeing = family !== 'qwen2' && family !== 'qwen3'
  const nested = json['text_config']
  // transformers before 4.52 wrote Qwen2.5-VL's text sizes on the top level.
  const text = seeing && isRecord(nested) ? nested : json
  if (seeing && family !== 'qwen2.5-vl' && text === json) {
    throw new GraphError('malformed', `config.json: a file of type ${type} without text_config`)
  }
  const tied =
    json['tie_word_embeddings'] === true || (family === 'qwen2.5-vl' && text['tie_word_embeddings'] === true)
  const vision = seeing ? readEyes(json['vision_config'], family) : undefined
  const config: QwenConfig = {
    family,
    text: readText(text, family, tied, text === json ? '' : 'text_config.'),
    vision,
    tokens: seeing ? readTokens(new Fields(json, '')) : undefined,
  }
  if (vision && vision.outputWidth !== config.text.width) {
    throw new GraphError(
      'malformed',
      `config.json: the vision tower gives vectors of ${vision.outputWidth}, the text model takes ${config.text.width}`,
    )
  }
  return config
}

function readTokens(fields: Fields) {
  return {
    image: fields.id('image_token_id', 151655),
    video: fields.id('video_token_id', 151656),
    visionStart: fields.id('vision_start_token_id', 151652),
    visionEnd: fields.id('vision_end_token_id', 151653),
  }
}

/** What transformers takes where the file is silent; other sizes than these are in every published file. */
const TEXT_DEFAULTS = {
  'qwen2.5-vl': { theta: 1e6, epsilon: 1e-5, kvHeads: 8, sections: [16, 24, 24] },
  'qwen3-vl': { theta: 5e5, epsilon: 1e-6, kvHeads: 32, sections: [24, 20, 20] },
  qwen2: { theta: 1e4, epsilon: 1e-6, kvHeads: 32, sections: undefined },
  qwen3: { theta: 1e4, epsilon: 1e-6, kvHeads: 32, sections: undefined },
  'maskwords-nano': { theta: 1e4, epsilon: 1e-6, kvHeads: 2, sections: [12, 10, 10] },
} as const

function readText(json: Json, family: QwenFamily, tied: boolean, where: string): QwenTextConfig {
  const fields = new Fields(json, where)
  const defaults = TEXT_DEFAULTS[family]
  const third = family !== 'qwen2.5-vl' && family !== 'qwen2'
  const act = fields.get('hidden_act') ?? 'silu'
  if (act !== 'silu') {
    throw new GraphError(
      'unsupported',
      `config.json: ${where}hidden_act ${JSON.stringify(act)}; "silu" is known`,
    )
  }
  const kinds = fields.get('layer_types')
  const sliding = Array.isArray(kinds)
    ? kinds.some((kind) => kind !== 'full_attention')
    : fields.flag('use_sliding_window') &&
      fields.number('max_window_layers', 28) < fields.number('num_hidden_layers', 32)
  if (sliding) {
    throw new GraphError(
      'unsupported',
      'config.json: layers with a sliding window, which no published model uses',
    )
  }
  // The rope stands in rope_parameters, or in rope_scaling beside rope_theta.
  const given = [fields.get('rope_scaling'), fields.get('rope_parameters')].find(isRecord) ?? {}
  const rope = new Fields(given, `${where}rope_parameters.`)
  const kind = rope.get('rope_type') ?? rope.get('type') ?? 'default'
  if (kind !== 'default' && kind !== 'mrope') {
    throw new GraphError('unsupported', `config.json: positions by ${JSON.stringify(kind)} rope`, {
      hint: 'take rope_scaling out of config.json to run with the positions that the model was trained with',
    })
  }
  const heads = fields.number('num_attention_heads', 32)
  const width = fields.number('hidden_size', 4096)
  const headWidth = third
    ? fields.number('head_dim', 128)
    : fields.get('head_dim')
      ? fields.number('head_dim', 1)
      : width / heads
  const kvHeads = fields.number('num_key_value_heads', defaults.kvHeads)
  if (!Number.isInteger(headWidth) || headWidth % 2 !== 0 || heads % kvHeads !== 0) {
    throw new GraphError(
      'malformed',
      `config.json: width ${width} with ${heads} heads of ${headWidth} and ${kvHeads} for keys`,
    )
  }
  const sections = defaults.sections && rope.list('mrope_section', defaults.sections)
  if (sections && (sections.length !== 3 || sections.reduce((a, b) => a + b, 0) !== headWidth / 2)) {
    throw new GraphError(
      'malformed',
      `config.json: mrope_section [${sections}] for ${headWidth / 2} frequencies of a head`,
    )
  }
  const bias = third && fields.flag('attention_bias')
  return {
    width,
    layers: fields.number('num_hidden_layers', 32),
    heads,
    kvHeads,
    headWidth,
    mlpWidth: fields.number('intermediate_size', 22016),
    vocabularySize: fields.number('vocab_size', 151936),
    normEpsilon: fields.number('rms_norm_eps', defaults.epsilon, { fraction: true }),
    ropeTheta: rope.get('rope_theta')
      ? rope.number('rope_theta', defaults.theta, { fraction: true })
      : fields.number('rope_theta', defaults.theta, { fraction: true }),
    qkvBias: third ? bias : true,
    outputBias: bias,
    qkNorm: third,
    sections: sections as [number, number, number] | undefined,
    interleaved: family === 'qwen3-vl' || family === 'maskwords-nano',
    tied,
  }
}

function readEyes(
  json: unknown,
  family: 'qwen2.5-vl' | 'qwen3-vl' | 'maskwords-nano',
): QwenVisionConfig | DetectorEyesConfig {
  if (!isRecord(json)) throw new GraphError('malformed', 'config.json: no vision_config')
  return family === 'maskwords-nano' ? readDetectorEyes(json) : readVision(json, family)
}

function readVision(json: Json, kind: 'qwen2.5-vl' | 'qwen3-vl'): QwenVisionConfig {
  const fields = new Fields(json, 'vision_config.')
  const third = kind === 'qwen3-vl'
  const act = fields.get('hidden_act') ?? (third ? 'gelu_pytorch_tanh' : 'silu')
  if (act !== (third ? 'gelu_pytorch_tanh' : 'silu')) {
    throw new GraphError('unsupported', `config.json: vision_config.hidden_act ${JSON.stringify(act)}`)
  }
  const width = fields.number('hidden_size', third ? 1152 : 3584)
  const heads = fields.number('num_heads', 16)
  if ((width / heads) % 4 !== 0) {
    throw new GraphError('malformed', `config.json: vision width ${width} with ${heads} heads`, {
      hint: 'rows and columns turn a quarter of a head each',
    })
  }
  const positions = fields.number('num_position_embeddings', 2304)
  const positionSide = Math.floor(Math.sqrt(positions))
  const blocks = fields.number('depth', third ? 27 : 32)
  const deepstackBlocks = third ? fields.list('deepstack_visual_indexes', [8, 16, 24]) : []
  if (positionSide ** 2 !== positions || deepstackBlocks.some((block) => block >= blocks)) {
    throw new GraphError(
      'malformed',
      `config.json: ${positions} positions, deepstack after blocks [${deepstackBlocks}] of ${blocks}`,
    )
  }
  return {
    kind,
    width,
    blocks,
    heads,
    mlpWidth: fields.number('intermediate_size', third ? 4304 : 3420),
    outputWidth: fields.number('out_hidden_size', 3584),
    patchPx: fields.number('patch_size', third ? 16 : 14),
    patchFrames: fields.number('temporal_patch_size', 2),
    // Old files of Qwen2.5-VL call it in_chans.
    channels: fields.get('in_channels') ? fields.number('in_channels', 3) : fields.number('in_chans', 3),
    merge: fields.number('spatial_merge_size', 2),
    windowPx: fields.number('window_size', 112),
    wholeBlocks: third ? [] : fields.list('fullatt_block_indexes', [7, 15, 23, 31]),
    positionSide,
    deepstackBlocks,
    activation: third ? 'gelu-tanh' : 'silu',
    positionsPerSecond: fields.number('tokens_per_second', 4, { fraction: true }),
  }
}
