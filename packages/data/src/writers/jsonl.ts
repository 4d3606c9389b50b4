// Plain JSON lines: everything that a filled conversation says, under its own names. Definition: ours.
import type { Writer } from '../conversation.ts'
import { jsonLines, pictureText, rowsOf } from './lines.ts'

export const jsonl: Writer = {
  name: 'jsonl',
  title: 'Plain JSON lines',
  wantsBytes: false,
  shardExtension: 'jsonl',
  async shard(conversations, options) {
    return jsonLines(
      rowsOf(conversations, ({ id, task, dataset, pictures, turns, truth }) => ({
        id,
        task,
        dataset,
        images: pictures.map((picture) => ({
          file: pictureText(picture, options),
          width: picture.widthPx,
          height: picture.heightPx,
        })),
        messages: turns.map(({ role, text }) => ({ role, content: text })),
        ...(truth === undefined ? {} : { truth }),
      })),
    )
  },
  extras: () => [],
}
