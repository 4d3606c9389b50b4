// A folder with a tiny Qwen model that speaks SAMTok's words: weights by formula, a tokenizer of bytes, a template of three lines.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { encodeSafetensors } from '@maskwords/checkpoint'
import { readQwenConfig } from '@maskwords/models'
import { formulaWeights } from '../../graph/test/formula-weights.ts'
import { networkWeights } from '../src/network-outputs.ts'

const WORDS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|image_pad|>',
  '<|video_pad|>',
]
export const TINY_IDS = Object.fromEntries(WORDS.map((word, i) => [word, 256 + i])) as Readonly<
  Record<string, number>
>

/** Rows of the tables: 256 bytes, the words above, 514 mask words, and some that no word has. */
const ROWS = 800

/** Byte-level BPE without merges: every byte is a token. */
function tokenizerJson(maskWords: boolean): unknown {
  const vocab: Record<string, number> = {}
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const stays = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    vocab[String.fromCharCode(stays ? byte : next++)] = byte
  }
  const codes = Array.from({ length: 512 }, (_, i) => `<|mt_${String(i).padStart(4, '0')}|>`)
  const masks = maskWords ? ['<|mt_start|>', ...codes, '<|mt_end|>'] : []
  return {
    version: '1.0',
    added_tokens: [...WORDS, ...masks].map((content, i) => ({
      id: 256 + i,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: i < WORDS.length,
    })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: { type: 'BPE', vocab, merges: [] },
  }
}

const TEMPLATE = `{% for message in messages %}<|im_start|>{{ message.role }}
{% if message.content is string %}{{ message.content }}{% else %}{% for part in message.content %}{% if part.type == 'image' %}<|vision_start|><|image_pad|><|vision_end|>{% elif part.type == 'video' %}<|vision_start|><|video_pad|><|vision_end|>{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`

export type TinyOptions = {
  /** Default qwen3-vl; qwen2 has no eyes. */
  readonly kind?: 'qwen2.5-vl' | 'qwen3-vl' | 'qwen2'
  readonly maskWords?: boolean
  readonly tied?: boolean
  /** Changes config.json before it is written; the weights stay what they were. */
  readonly config?: (json: Record<string, unknown>) => void
}

function configJson({ kind = 'qwen3-vl', tied = true }: TinyOptions): Record<string, unknown> {
  if (kind === 'qwen2') {
    return {
      architectures: ['Qwen2ForCausalLM'],
      model_type: 'qwen2',
      tie_word_embeddings: tied,
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      intermediate_size: 96,
      vocab_size: ROWS,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-6,
      rope_theta: 1e4,
      eos_token_id: TINY_IDS['<|im_end|>'],
    }
  }
  const third = kind === 'qwen3-vl'
  return {
    architectures: [third ? 'Qwen3VLForConditionalGeneration' : 'Qwen2_5_VLForConditionalGeneration'],
    model_type: third ? 'qwen3_vl' : 'qwen2_5_vl',
    tie_word_embeddings: tied,
    image_token_id: TINY_IDS['<|image_pad|>'],
    video_token_id: TINY_IDS['<|video_pad|>'],
    vision_start_token_id: TINY_IDS['<|vision_start|>'],
    vision_end_token_id: TINY_IDS['<|vision_end|>'],
    text_config: {
      hidden_size: 64,
      num_hidden_layers: 2,
      num_attention_heads: 4,
      num_key_value_heads: 2,
      head_dim: 16,
      intermediate_size: 96,
      vocab_size: ROWS,
      max_position_embeddings: 2048,
      rms_norm_eps: 1e-6,
      rope_parameters: {
        rope_type: 'default',
        rope_theta: 1e4,
        mrope_section: third ? [4, 2, 2] : [2, 3, 3],
      },
    },
    vision_config: {
      depth: 2,
      hidden_size: 32,
      num_heads: 2,
      intermediate_size: 48,
      patch_size: 8,
      spatial_merge_size: 2,
      temporal_patch_size: 2,
      in_channels: 3,
      out_hidden_size: 64,
      ...(third
        ? { num_position_embeddings: 16, deepstack_visual_indexes: [0, 1] }
        : { window_size: 32, fullatt_block_indexes: [1] }),
    },
  }
}

/** Writes the folder. Tables are four times the formula, so that the most probable token stands out. */
export async function writeTinyModel(folder: string, options: TinyOptions = {}): Promise<void> {
  const json = configJson(options)
  const written = structuredClone(json)
  options.config?.(written)
  mkdirSync(folder, { recursive: true })
  const put = (name: string, value: unknown) =>
    writeFileSync(join(folder, name), typeof value === 'string' ? value : JSON.stringify(value))
  put('config.json', written)
  put('tokenizer.json', tokenizerJson(options.maskWords ?? true))
  put('tokenizer_config.json', { clean_up_tokenization_spaces: false })
  put('chat_template.jinja', TEMPLATE)
  put('generation_config.json', { eos_token_id: [TINY_IDS['<|im_end|>'], TINY_IDS['<|endoftext|>']] })
  put('preprocessor_config.json', {
    min_pixels: 16 * 16,
    max_pixels: 96 * 96,
    patch_size: 8,
    temporal_patch_size: 2,
    merge_size: 2,
  })
  const config = readQwenConfig(json)
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>()
  const add = (name: string, shape: readonly number[]) => {
    const data = formulaWeights(name, shape)
    if (/embed_tokens|lm_head/.test(name)) for (let i = 0; i < data.length; i++) data[i]! *= 4
    tensors.set(name, { shape, data })
  }
  for (const { name, shape } of networkWeights(config)) add(name, shape)
  const table = `${json['model_type'] === 'qwen3_vl' ? 'model.language_model' : 'model'}.embed_tokens.weight`
  if (!tensors.has(table)) add(table, [config.text.vocabularySize, config.text.width])
  writeFileSync(
    join(folder, 'model.safetensors'),
    await encodeSafetensors({
      tensors: [...tensors].map(([name, { shape, data }]) => ({ name, dtype: 'float32', shape, data })),
    }),
  )
}
