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

/** What can be asked of masks that nobody named. */
const OF_UNNAMED = ['box-to-mask', 'mask-to-box']

/** A source by what its reader gives; `isNamed` false where its regions have no categories. */
export type TaskSource = Pick<Reader, 'gives'> & { readonly isNamed?: boolean }

/** Names of tasks for sources, in a fixed order; all of them need masks. */
export function defaultTasks(sources: readonly TaskSource[]): string[] {
  const names = new Set<string>()
  for (const { gives, isNamed = true } of sources) {
    if (!gives.includes('masks')) continue
    for (const [part, tasks] of BY_PART) if (gives.includes(part)) for (const task of tasks) names.add(task)
    if (gives.includes('phrases')) continue
    for (const name of isNamed ? ['open-vocabulary'] : OF_UNNAMED) names.add(name)
  }
  const order = ['open-vocabulary', ...OF_UNNAMED, ...BY_PART.flatMap(([, tasks]) => tasks)]
  return order.filter((name) => names.has(name))
}
