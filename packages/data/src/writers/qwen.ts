// Qwen's fine-tuning JSON (QwenLM/Qwen3-VL, qwen-vl-finetune): `{"image": path or paths, "conversations": [{"from", "value"}]}`.
// SAMTok's own training data has this format.
import type { Writer } from '../conversation.ts'
import { jsonArray, pictureText, rowsOf } from './lines.ts'

export const SHAREGPT_ROLES = { system: 'system', user: 'human', assistant: 'gpt' } as const

export const qwen: Writer = {
  name: 'qwen',
  title: 'Qwen-VL fine-tuning (qwen-vl-finetune), SAMTok',
  wantsBytes: false,
  shardExtension: 'json',
  async shard(conversations, options) {
    return jsonArray(
      rowsOf(conversations, ({ id, pictures, turns }) => {
        const images = pictures.map((picture) => pictureText(picture, options))
        return {
          id,
          ...(images.length === 0 ? {} : { image: images.length === 1 ? images[0]! : images }),
          conversations: turns.map(({ role, text }) => ({ from: SHAREGPT_ROLES[role], value: text })),
        }
      }),
    )
  },
  extras: ({ name, shards }) => [
    {
      file: `${name}-registry.json`,
      text: `${JSON.stringify(
        Object.fromEntries(shards.map((shard) => [stem(shard), { annotation_path: shard, data_path: '.' }])),
        null,
        2,
      )}\n`,
    },
  ],
}

function stem(file: string): string {
  return file.replace(/^.*\//, '').replace(/\.[^.]*$/, '')
}
