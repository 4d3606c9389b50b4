// Folders of tiny language models with random weights, in the layouts of published ones. Nothing is downloaded.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bfloat16FromFloats, encodeSafetensors, float16FromFloats } from '@maskwords/checkpoint'

export type TinyType = 'float32' | 'float16' | 'bfloat16'

export type TinyModel = {
  /** `qwen2-vl`, `llama`: flat; `qwen3-vl`: text_config; `internvl`: llm_config. */
  layout?: 'qwen2-vl' | 'qwen3-vl' | 'internvl' | 'internlm2' | 'llama'
  tied?: boolean
  /** A head tensor although the configuration ties it: some trainers save both, and some leave other values in it. */
  savesTiedHead?: 'same' | 'other'
  shards?: 1 | 3
  dtype?: TinyType
  rows?: number
  columns?: number
  /** Changes the parsed tokenizer.json before it is written. */
  tokenizer?: (json: TinyTokenizer) => unknown
  withoutTokenizerJson?: boolean
}

export type TinyTokenizer = {
  added_tokens: Record<string, unknown>[]
  model: { vocab: Record<string, number>; merges: string[]; [key: string]: unknown }
  [key: string]: unknown
}

const NAMES = {
  'qwen2-vl': ['model.embed_tokens.weight', 'lm_head.weight', 'model.layers.0.mlp.up_proj.weight'],
  'qwen3-vl': [
    'model.language_model.embed_tokens.weight',
    'lm_head.weight',
    'model.language_model.layers.0.mlp.up_proj.weight',
  ],
  internvl: [
    'language_model.model.embed_tokens.weight',
    'language_model.lm_head.weight',
    'language_model.model.layers.0.mlp.up_proj.weight',
  ],
  internlm2: [
    'language_model.model.tok_embeddings.weight',
    'language_model.output.weight',
    'language_model.model.layers.0.feed_forward.w1.weight',
  ],
  llama: ['model.embed_tokens.weight', 'lm_head.weight', 'model.layers.0.mlp.up_proj.weight'],
} as const

const QWEN_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

/** Byte-level BPE of 256 bytes and a few merges, three special tokens: 270 tokens, as Qwen's file is laid out. */
export function tinyTokenizer(): TinyTokenizer {
  const characters: string[] = []
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const stays = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    characters.push(String.fromCharCode(stays ? byte : next++))
  }
  const merges = ['Ġ t', 'h e', 'Ġt he', 'I t', 'Ġ i', 'Ġi s', 'm t', '< |', '| >', '|> <', '<| mt']
  const vocab: Record<string, number> = {}
  characters.forEach((character, id) => {
    vocab[character] = id
  })
  merges.forEach((merge, k) => {
    vocab[merge.replace(' ', '')] = 256 + k
  })
  const special = ['<|endoftext|>', '<|im_start|>', '<|im_end|>']
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: special.map((content, k) => ({
      id: 256 + merges.length + k,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: { type: 'NFC' },
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Split', pattern: { Regex: QWEN_PATTERN }, behavior: 'Isolated', invert: false },
        { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      ],
    },
    post_processor: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: '',
      end_of_word_suffix: '',
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: false,
      vocab,
      merges,
    },
  }
}

export const TINY_TOKENS = 270

/** Writes the folder and returns the names of its row tensors. */
export async function writeTinyModel(
  folder: string,
  options: TinyModel = {},
): Promise<{ embedding: string; head: string }> {
  const {
    layout = 'qwen2-vl',
    tied = true,
    shards = 1,
    dtype = 'bfloat16',
    rows = 384,
    columns = 24,
  } = options
  mkdirSync(folder, { recursive: true })
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text)
  const [embedding, head, inner] = NAMES[layout]
  const tensor = (name: string, shape: number[], salt: number) => ({
    name,
    dtype,
    shape,
    data: randomOf(
      dtype,
      shape.reduce((a, b) => a * b),
      salt,
    ),
  })
  const tensors = [
    tensor(embedding, [rows, columns], 1),
    tensor(inner, [7, columns], 2),
    tensor('visual.patch_embed.proj.weight', [3, 5], 3),
    ...(tied && !options.savesTiedHead
      ? []
      : [tensor(head, [rows, columns], tied && options.savesTiedHead !== 'other' ? 1 : 4)]),
  ]
  const metadata = { format: 'pt' }
  if (shards === 1) {
    writeFileSync(
      join(folder, 'model.safetensors'),
      await encodeSafetensors({ tensors, metadata, order: 'given' }),
    )
  } else {
    const groups = [tensors.slice(0, 1), tensors.slice(1, 3), tensors.slice(3)].filter(
      (group) => group.length > 0,
    )
    const weightMap: Record<string, string> = {}
    let totalSize = 0
    for (const [k, group] of groups.entries()) {
      const name = `model-0000${k + 1}-of-0000${groups.length}.safetensors`
      writeFileSync(join(folder, name), await encodeSafetensors({ tensors: group, metadata, order: 'given' }))
      for (const one of group) {
        weightMap[one.name] = name
        totalSize += one.data.byteLength
      }
    }
    put(
      'model.safetensors.index.json',
      `${JSON.stringify({ metadata: { total_size: totalSize }, weight_map: weightMap }, undefined, 2)}\n`,
    )
  }
  put('config.json', configText(layout, tied, rows))
  put('generation_config.json', '{\n  "repetition_penalty": 1.05\n}\n')
  const json = tinyTokenizer()
  put('merges.txt', `#version: 0.2\n${json.model.merges.join('\n')}\n`)
  const changed = options.tokenizer?.(json) ?? json
  // The tables of added tokens say what tokenizer.json says, as in every published folder.
  const added = json.added_tokens.map(({ id, content, special }) => ({ id, content, special }))
  if (!options.withoutTokenizerJson) put('tokenizer.json', JSON.stringify(changed, undefined, 2))
  put('vocab.json', JSON.stringify(json.model.vocab))
  const flags = { lstrip: false, normalized: false, rstrip: false, single_word: false }
  put(
    'tokenizer_config.json',
    `${JSON.stringify(
      {
        add_prefix_space: false,
        added_tokens_decoder: Object.fromEntries(
          added.map(({ id, content, special }) => [id, { content, ...flags, special }]),
        ),
        model_max_length: 131072,
        tokenizer_class: 'Qwen2Tokenizer',
      },
      undefined,
      2,
    )}\n`,
  )
  const idOf = new Map(added.map(({ id, content }) => [content, id]))
  put('added_tokens.json', `{\n${[...idOf].map(([word, id]) => `  "${word}": ${id}`).join(',\n')}\n}\n`)
  return { embedding, head }
}

/** Numbers as Python writes them: a parse and a new print would change `1000000.0` and `1e-06`. */
function configText(layout: NonNullable<TinyModel['layout']>, tied: boolean, rows: number): string {
  const text = `"rms_norm_eps": 1e-06,\n    "rope_theta": 1000000.0,\n    "tie_word_embeddings": ${tied},\n    "vocab_size": ${rows}`
  if (layout === 'qwen3-vl') {
    return `{\n  "architectures": ["Qwen3VLForConditionalGeneration"],\n  "text_config": {\n    ${text}\n  },\n  "vision_config": {"depth": 27}\n}\n`
  }
  if (layout === 'internvl' || layout === 'internlm2') {
    return `{\n  "architectures": ["InternVLChatModel"],\n  "llm_config": {\n    ${text}\n  },\n  "vision_config": {"depth": 24}\n}\n`
  }
  const name = layout === 'llama' ? 'LlamaForCausalLM' : 'Qwen2VLForConditionalGeneration'
  return `{\n  "architectures": ["${name}"],\n    ${text}\n}\n`
}

/** Uniform numbers in about -1..1 around a mean that grows with the index modulo 24: columns with different means. */
function randomOf(dtype: TinyType, count: number, salt: number): Float32Array | Uint16Array {
  const values = new Float32Array(count)
  let state = Math.imul(salt, 0x9e3779b9) >>> 0
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    values[i] = (state / 2 ** 31 - 1) * (1 + (i % 24) / 24) + (i % 24) / 10
  }
  return dtype === 'float32'
    ? values
    : dtype === 'float16'
      ? float16FromFloats(values)
      : bfloat16FromFloats(values)
}
