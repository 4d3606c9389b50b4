// TRL: `prompt` as messages whose content is a list of texts and picture places, `images`, and further columns, which reach
// the reward functions by name. `completion` serves supervised training and is not given to rewards.
import type { FilledConversation, Writer } from '../conversation.ts'
import { PICTURE_PLACE } from '../tasks/fill.ts'
import { jsonLines, pictureText, rowsOf } from './lines.ts'
import { imageColumn, type ParquetColumn, parquetTable, stringColumn } from './parquet.ts'
import { packedTruth, promptTurns, truthOf } from './truth.ts'

export const trl: Writer = {
  name: 'trl',
  title: 'TRL, parquet',
  wantsBytes: true,
  shardExtension: 'parquet',
  async shard(conversations, options) {
    const rows = rowsOf(conversations, rowOf)
    return parquetTable([
      messagesColumn(
        'prompt',
        rows.map((row) => row.prompt),
      ),
      messagesColumn(
        'completion',
        rows.map((row) => row.completion),
      ),
      imageColumn(conversations, options),
      ...(['solution', 'kind', 'source', 'id'] as const).map((name) =>
        stringColumn(
          name,
          rows.map((row) => row[name]),
        ),
      ),
    ])
  },
  extras: () => [],
}

export const trlJsonl: Writer = {
  name: 'trl-jsonl',
  title: 'TRL, JSON lines with paths',
  wantsBytes: false,
  shardExtension: 'jsonl',
  async shard(conversations, options) {
    return jsonLines(
      rowsOf(conversations, (conversation) => ({
        ...rowOf(conversation),
        images: conversation.pictures.map((picture) => pictureText(picture, options)),
      })),
    )
  },
  extras: () => [],
}

type Part = { type: 'image' } | { type: 'text'; text: string }
type Message = { role: string; content: Part[] }

function rowOf(conversation: FilledConversation) {
  const prompt = promptTurns(conversation)
  return {
    prompt: prompt.map(messageOf),
    completion: conversation.turns.slice(prompt.length).map(messageOf),
    solution: packedTruth(conversation),
    kind: truthOf(conversation).kind,
    source: conversation.task,
    id: conversation.id,
  }
}

function messageOf({ role, text }: FilledConversation['turns'][number]): Message {
  const content: Part[] = []
  text.split(PICTURE_PLACE).forEach((stretch, at) => {
    if (at > 0) content.push({ type: 'image' })
    if (stretch !== '') content.push({ type: 'text', text: stretch })
  })
  return { role, content }
}

const STRING = { dtype: 'string', _type: 'Value' } as const

/** A list of `{role, content: [{type, text}]}`; a picture's text is null. */
function messagesColumn(name: string, values: Message[][]): ParquetColumn {
  const text = (field: string) =>
    ({ name: field, type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'OPTIONAL' }) as const
  const list = (field: string) =>
    [
      { name: field, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST' },
      { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
      { name: 'element', repetition_type: 'OPTIONAL', num_children: 2 },
    ] as const
  return {
    name,
    schema: [...list(name), text('role'), ...list('content'), text('type'), text('text')],
    feature: [{ role: STRING, content: [{ type: STRING, text: STRING }] }],
    values,
  }
}
