// Which tasks a source is good for where none is named: the ones that use what it has over others. Definition: ours.
import type { Reader } from '@maskwords/datasets'

type Part = Reader['gives'][number]

const BY_PART: readonly (readonly [Part, readonly string[]])[] = [
  ['phrases', ['referring', 'reasoning']],
  ['captions', ['grounded-caption']],
  ['region-captions', ['region-caption']],
  ['relations', ['scene-graph']],
  ['dialogues', ['dialogue']],
  ['choices', ['mask-choice']],
]

/** Names of tasks for readers, in a fixed order; all of them need masks. */
export function defaultTasks(readers: readonly Pick<Reader, 'gives'>[]): string[] {
  const names = new Set<string>()
  for (const { gives } of readers) {
    if (!gives.includes('masks')) continue
    for (const [part, tasks] of BY_PART) if (gives.includes(part)) for (const task of tasks) names.add(task)
    if (!gives.includes('phrases')) names.add('open-vocabulary')
  }
  const order = ['open-vocabulary', ...BY_PART.flatMap(([, tasks]) => tasks)]
  return order.filter((name) => names.has(name))
}
