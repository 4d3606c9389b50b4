// LLaMA-Factory's sharegpt rows and the `dataset_info.json` that names their columns and tags.
import type { Writer } from '../conversation.ts'
import { jsonArray, pictureText, rowsOf } from './lines.ts'
import { SHAREGPT_ROLES } from './qwen.ts'

export const llamaFactory: Writer = {
  name: 'llama-factory',
  title: 'LLaMA-Factory, sharegpt',
  wantsBytes: false,
  shardExtension: 'json',
  async shard(conversations, options) {
    return jsonArray(
      rowsOf(conversations, ({ pictures, turns }) => ({
        conversations: turns.map(({ role, text }) => ({ from: SHAREGPT_ROLES[role], value: text })),
        images: pictures.map((picture) => pictureText(picture, options)),
      })),
    )
  },
  extras: ({ shards }) => [
    {
      file: 'dataset_info.json',
      text: `${JSON.stringify(Object.fromEntries(shards.map((shard) => [nameOf(shard), entry(shard)])), null, 2)}\n`,
    },
  ],
}

function entry(shard: string) {
  return {
    file_name: shard,
    formatting: 'sharegpt',
    columns: { messages: 'conversations', images: 'images' },
    tags: {
      role_tag: 'from',
      content_tag: 'value',
      user_tag: SHAREGPT_ROLES.user,
      assistant_tag: SHAREGPT_ROLES.assistant,
      system_tag: SHAREGPT_ROLES.system,
    },
  }
}

/** The dataset's name in `dataset:` lists: the shard's file name without its extension. */
function nameOf(shard: string): string {
  return shard.replace(/^.*\//, '').replace(/\.[^.]*$/, '')
}
