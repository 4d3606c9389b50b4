// verl's parquet: `data_source`, `prompt`, `images`, `ability`, `reward_model`, `extra_info`.
import type { Writer } from '../conversation.ts'
import { rowsOf } from './lines.ts'
import { messagesOf } from './ms-swift.ts'
import { imageColumn, parquetTable, stringColumn, structColumn, structListColumn } from './parquet.ts'
import { packedTruth, promptTurns, truthOf } from './truth.ts'

export const verl: Writer = {
  name: 'verl',
  title: 'verl, parquet',
  wantsBytes: true,
  shardExtension: 'parquet',
  async shard(conversations, options) {
    const prompts = rowsOf(conversations, (conversation) => messagesOf(promptTurns(conversation)))
    return parquetTable([
      stringColumn(
        'data_source',
        conversations.map(({ dataset }) => dataset),
      ),
      structListColumn('prompt', { role: 'string', content: 'string' }, prompts),
      // verl reads a path only as `{"image": path}`; bytes as Hugging Face pictures.
      options.pictures === 'bytes'
        ? imageColumn(conversations, options)
        : structListColumn(
            'images',
            { image: 'string' },
            conversations.map(({ pictures }) => pictures.map((picture) => ({ image: picture.file }))),
          ),
      stringColumn(
        'ability',
        conversations.map(({ task }) => task),
      ),
      structColumn(
        'reward_model',
        { style: 'string', ground_truth: 'string' },
        conversations.map((conversation) => ({ style: 'rule', ground_truth: packedTruth(conversation) })),
      ),
      structColumn(
        'extra_info',
        { split: 'string', index: 'int64', id: 'string', kind: 'string' },
        conversations.map((conversation, at) => ({
          split: 'train',
          index: BigInt(at),
          id: conversation.id,
          kind: truthOf(conversation).kind,
        })),
      ),
    ])
  },
  extras: () => [],
}
