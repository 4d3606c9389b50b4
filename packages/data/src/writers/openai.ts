// Messages of a chat API as JSON lines: `{"messages": [{"role", "content": [{"type": "text"}, {"type": "image_url"}]}]}`, the form of
// OpenAI's vision fine-tuning guide, which vLLM, SGLang and llama-server take in requests.
import type { Writer } from '../conversation.ts'
import { jsonLines, pictureText, rowsOf } from './lines.ts'

export const openai: Writer = {
  name: 'openai',
  title: 'Messages of a chat API (OpenAI vision fine-tuning)',
  wantsBytes: true,
  shardExtension: 'jsonl',
  async shard(conversations, options) {
    return jsonLines(
      rowsOf(conversations, ({ pictures, turns }) => {
        let next = 0
        return {
          messages: turns.map(({ role, text }) => ({
            role,
            content:
              role === 'user'
                ? text.split(/(<image>)/).flatMap((part) => {
                    if (part === '<image>') {
                      return {
                        type: 'image_url',
                        image_url: { url: pictureText(pictures[next++]!, options) },
                      }
                    }
                    return part === '' ? [] : { type: 'text', text: part }
                  })
                : text,
          })),
        }
      }),
    )
  },
  extras: () => [],
}
