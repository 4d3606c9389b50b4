// Qwen networks against transformers itself, with sizes that no recorded value has: odd heads, biases, another merge, one key head.
import { describe, expect, it } from 'vitest'
import type { QwenSpec, QwenValues } from '../packages/models/test/qwen-values.ts'
import { qwenValues } from '../packages/models/test/qwen-values.ts'
import { largestDifference } from '../packages/models/test/recorded.ts'
import { runPython } from './python.ts'

const tokens = { image_token_id: 40, video_token_id: 41, vision_start_token_id: 42, vision_end_token_id: 43 }
const eyes = {
  depth: 4,
  hidden_size: 24,
  num_heads: 3,
  intermediate_size: 36,
  patch_size: 2,
  spatial_merge_size: 2,
  temporal_patch_size: 2,
  in_channels: 3,
  out_hidden_size: 20,
}
const sizes = { hidden_size: 20, intermediate_size: 28, vocab_size: 50, rms_norm_eps: 1e-5 }
const pictures = {
  grids: [
    [1, 10, 6],
    [1, 2, 2],
    [1, 4, 14],
  ] as [number, number, number][],
  input_ids: [5, 42, ...new Array(15).fill(40), 43, 6, 42, 40, 43, 42, ...new Array(14).fill(40), 43, 7, 8],
}
const kinds = pictures.input_ids.map((id) => (id === 40 ? 1 : 0))

const SPECS: Record<string, QwenSpec> = {
  'Qwen3-VL with biases, one key head and three deepstack features': {
    config: {
      model_type: 'qwen3_vl',
      tie_word_embeddings: false,
      ...tokens,
      vision_config: { ...eyes, num_position_embeddings: 25, deepstack_visual_indexes: [0, 1, 3] },
      text_config: {
        model_type: 'qwen3_vl_text',
        ...sizes,
        num_hidden_layers: 5,
        num_attention_heads: 3,
        num_key_value_heads: 1,
        head_dim: 12,
        attention_bias: true,
        rope_parameters: {
          rope_type: 'default',
          rope_theta: 5e5,
          mrope_section: [2, 2, 2],
          mrope_interleaved: true,
        },
      },
    },
    ...pictures,
    mm_token_type_ids: kinds,
  },
  'Qwen2.5-VL with narrow windows and a tied head': {
    config: {
      model_type: 'qwen2_5_vl',
      tie_word_embeddings: true,
      ...tokens,
      vision_config: { ...eyes, window_size: 12, fullatt_block_indexes: [0, 3], tokens_per_second: 2 },
      text_config: {
        model_type: 'qwen2_5_vl_text',
        ...sizes,
        num_hidden_layers: 3,
        num_attention_heads: 5,
        num_key_value_heads: 5,
        rope_parameters: { rope_type: 'default', rope_theta: 1e4, mrope_section: [1, 0, 1] },
      },
    },
    ...pictures,
    mm_token_type_ids: kinds,
  },
}

describe('Qwen networks and transformers', () => {
  for (const [name, spec] of Object.entries(SPECS)) {
    it(name, async () => {
      const theirs = await runPython<QwenValues>('qwen_values.py', spec)
      const ours = await qwenValues(spec, theirs.position_ids)
      expect(largestDifference(ours.features!, theirs.features!)).toBeLessThan(2e-5)
      expect(largestDifference(ours.logits, theirs.logits)).toBeLessThan(5e-5)
    })
  }
})
