// EasyR1's parquet: `problem`, `answer`, `images`. Only the answer reaches the reward (as `ground_truth`), so it holds the
// packed truth; the prompt is one text, so earlier rounds stand in it as a transcript.
import type { FilledConversation, Writer } from '../conversation.ts'
import { rowsOf } from './lines.ts'
import { imageColumn, parquetTable, stringColumn, stringListColumn } from './parquet.ts'
import { packedTruth, promptTurns } from './truth.ts'

export const easyR1: Writer = {
  name: 'easyr1',
  title: 'EasyR1 (the engine of SAMTok and CycleGRPO), parquet',
  wantsBytes: true,
  shardExtension: 'parquet',
  async shard(conversations, options) {
    return parquetTable([
      stringColumn('problem', rowsOf(conversations, problemOf)),
      stringColumn('answer', conversations.map(packedTruth)),
      options.pictures === 'bytes'
        ? imageColumn(conversations, options)
        : stringListColumn(
            'images',
            conversations.map(({ pictures }) => pictures.map((picture) => picture.file)),
          ),
      stringColumn(
        'source',
        conversations.map(({ task }) => task),
      ),
      stringColumn(
        'id',
        conversations.map(({ id }) => id),
      ),
    ])
  },
  extras: ({ name, shards, options }) => [
    {
      file: `${name}-easyr1.yaml`,
      text: [
        'data:',
        `  train_files: [${shards.map((shard) => JSON.stringify(shard)).join(', ')}]`,
        '  prompt_key: problem',
        '  answer_key: answer',
        '  image_key: images',
        `  image_dir: ${options.pictures === 'path' ? '.' : 'null'}`,
        'worker:',
        '  reward:',
        '    skip_special_tokens: false',
        '',
      ].join('\n'),
    },
  ],
}

const SPEAKERS = { system: 'System', user: 'User', assistant: 'Assistant' } as const

/** The last request; where rounds came before it, all of them, each with its speaker. */
function problemOf(conversation: FilledConversation): string {
  const turns = promptTurns(conversation)
  if (turns.length === 1) return turns[0]!.text
  return turns.map(({ role, text }) => `${SPEAKERS[role]}: ${text}`).join('\n')
}
