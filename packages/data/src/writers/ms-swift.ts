// ms-swift's JSON lines: `{"messages": [{"role", "content"}], "images": [...]}`; rows of GRPO have no last answer but a
// `solution`, which reaches the rewards with every other further column.
import type { FilledConversation, Writer, WriterOptions } from '../conversation.ts'
import { jsonLines, pictureText, rowsOf } from './lines.ts'
import { packedTruth, promptTurns, truthOf } from './truth.ts'

export const msSwift: Writer = {
  name: 'ms-swift',
  title: 'ms-swift, supervised',
  wantsBytes: false,
  shardExtension: 'jsonl',
  async shard(conversations, options) {
    return jsonLines(
      rowsOf(conversations, (conversation) => ({
        messages: messagesOf(conversation.turns),
        ...imagesOf(conversation, options),
      })),
    )
  },
  extras: () => [],
}

export const msSwiftGrpo: Writer = {
  name: 'ms-swift-grpo',
  title: 'ms-swift, GRPO',
  wantsBytes: false,
  shardExtension: 'jsonl',
  async shard(conversations, options) {
    return jsonLines(
      rowsOf(conversations, (conversation) => ({
        messages: messagesOf(promptTurns(conversation)),
        ...imagesOf(conversation, options),
        solution: packedTruth(conversation),
        kind: truthOf(conversation).kind,
        source: conversation.task,
        id: conversation.id,
      })),
    )
  },
  extras: () => [],
}

/** Turns as the messages of chat templates. */
export function messagesOf(turns: FilledConversation['turns']): { role: string; content: string }[] {
  return turns.map(({ role, text }) => ({ role, content: text }))
}

function imagesOf(conversation: FilledConversation, options: WriterOptions): { images?: string[] } {
  if (conversation.pictures.length === 0) return {}
  return { images: conversation.pictures.map((picture) => pictureText(picture, options)) }
}
