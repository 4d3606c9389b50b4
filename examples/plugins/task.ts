// A task of one's own: how many things of a class there are, answered with a number and their masks.
//   maskwords prepare coco --plugin examples/plugins/task.ts --task count:most=5 --root DIR --to qwen -o train/
import { definePlugin, defineTask, type TaskConversation } from 'maskwords/plugin'

const count = defineTask({
  name: 'count',
  title: 'How many of a class, and where',
  needs: ['masks'],
  settings: { most: { default: 9, help: 'classes with more things than this are not asked for' } },
  build(record, { settings }) {
    const byClass = new Map<string, string[]>()
    for (const region of record.regions) {
      if (region.category === undefined || region.isCrowd || region.isIgnored) continue
      byClass.set(region.category, [...(byClass.get(region.category) ?? []), region.id])
    }
    const conversations: TaskConversation[] = []
    for (const [name, ids] of byClass) {
      if (ids.length > Number(settings['most'] ?? 9)) continue
      const masks = ids.flatMap((id) => [' ', { regions: [id], form: { as: 'words' as const } }])
      const answer = [`${ids.length}:`, ...masks]
      conversations.push({
        id: `${record.id}/count/${conversations.length}`,
        task: 'count',
        pictures: [{}],
        turns: [
          { role: 'user', pieces: [{ picture: 0 }, `How many of these are there: ${name}? Show each.`] },
          { role: 'assistant', pieces: answer },
        ],
        truth: { kind: 'count', pieces: answer, extra: { count: ids.length } },
      })
    }
    return conversations
  },
})

export const plugin = definePlugin({ name: 'count', tasks: [count] })
