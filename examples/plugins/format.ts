// A format of one's own: JSON Lines as OpenAI's chat API takes its messages.
//   maskwords prepare coco --plugin examples/plugins/format.ts --root DIR --to chat-api -o train/
import { definePlugin, defineWriter } from 'maskwords/plugin'

const chatApi = defineWriter({
  name: 'chat-api',
  title: 'Messages of a chat API',
  wantsBytes: false,
  shardExtension: 'jsonl',
  async shard(conversations) {
    const rows = conversations.map(({ id, pictures, turns }) => {
      let next = 0
      const messages = turns.map(({ role, text }) => ({
        role,
        content: text.split(/(<image>)/).flatMap((part) => {
          if (part === '<image>') return { type: 'image_url', image_url: { url: pictures[next++]!.file } }
          return part === '' ? [] : { type: 'text', text: part }
        }),
      }))
      return JSON.stringify({ id, messages })
    })
    return new TextEncoder().encode(`${rows.join('\n')}\n`)
  },
  extras: ({ conversations }) => [{ file: 'COUNT.txt', text: `${conversations} conversations\n` }],
})

export const plugin = definePlugin({ name: 'chat-api', writers: [chatApi] })
