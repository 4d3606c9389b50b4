// Label Studio's exports (JSON, JSON-MIN, one task or annotation), by the code that the command reads them with.
import {
  annotationsOf,
  asObject,
  isLabelStudioTask,
  isMinTask,
  type JsonObject,
  type LabelStudioAnnotation,
  listedAnnotations,
  liveAnnotations,
  regionGroups,
  regionShapes,
  taskPicture,
  taskPictures,
  textId,
  withoutUploadPrefix,
} from '@maskwords/annotations'
import { base, chosenEntry, stem } from './choose.ts'
import { StudioError } from './error.ts'
import type { Grounds } from './ground.ts'
import type { LoadedMasks } from './loaded.ts'
import { loadedShapes } from './shapes.ts'

type Task = { readonly item: JsonObject; readonly annotations: readonly LabelStudioAnnotation[] }

/** Whether a parsed JSON value holds tasks of Label Studio, or an annotation with its task inside. */
export const isLabelStudio = (json: unknown): boolean => tasksOf(json).length > 0

/** The masks of the picture's task. Throws StudioError where that, or its annotation that counts, is not clear. */
export function masksFromLabelStudio(json: unknown, picture: Grounds): LoadedMasks {
  const tasks = merged(tasksOf(json))
  const task =
    tasks.length === 1
      ? tasks[0]!
      : chosenEntry(picture, {
          entries: tasks,
          namesOf: ({ item }) =>
            taskPictures(item).flatMap((name) => [name, withoutUploadPrefix(name) ?? name]),
          sizeOf: () => undefined,
          convention: 'shown',
          namedBy: '“image” of a task',
        })
  const { annotation, said } = countedOf(task)
  const groups = regionGroups(annotation.entries ?? [])
  const own = groups.filter((group) => isNamed(taskPicture(task.item, group.toName), picture))
  const chosen = groups.length < 2 ? groups : own
  if (groups.length > 1 && chosen.length !== 1) {
    throw new StudioError(
      'malformed',
      `the annotation has regions of ${groups.length} pictures, and which of them ${picture.name} is is not said`,
    )
  }
  const list = regionShapes(chosen.flatMap(({ entries }) => entries))
  const name = taskPicture(task.item, chosen[0]?.toName)
  const readAs = `Label Studio task${name === undefined ? '' : ` of ${base(name)}`}`
  return loadedShapes(list, picture, { size: undefined, readAs, said })
}

function isNamed(name: string | undefined, picture: Grounds): boolean {
  return (
    name !== undefined &&
    [name, withoutUploadPrefix(name) ?? name].some((one) => stem(one) === stem(picture.name))
  )
}

function tasksOf(json: unknown): Task[] {
  const list: readonly unknown[] = Array.isArray(json) ? json : [json]
  return list.flatMap((entry): Task[] => {
    if (isLabelStudioTask(entry)) return [{ item: entry, annotations: annotationsOf(entry, '') }]
    const inner = asObject(asObject(entry)?.['task'])
    return inner === undefined || !Array.isArray(asObject(entry)?.['result'])
      ? []
      : [{ item: inner, annotations: listedAnnotations([entry], '') }]
  })
}

/** JSON-MIN has an entry for each annotation of a task. */
function merged(tasks: readonly Task[]): Task[] {
  const byId = new Map<string, Task>()
  for (const [i, task] of tasks.entries()) {
    const id = isMinTask(task.item) ? (textId(task.item['id']) ?? `${i}`) : `task ${i}`
    const before = byId.get(id)
    byId.set(
      id,
      before === undefined ? task : { ...before, annotations: [...before.annotations, ...task.annotations] },
    )
  }
  return [...byId.values()]
}

/** The one annotation that is no prediction and was not cancelled, and what was left out beside it. */
function countedOf({ annotations }: Task): {
  readonly annotation: LabelStudioAnnotation
  readonly said: readonly string[]
} {
  const live = liveAnnotations(annotations)
  const left = (kind: LabelStudioAnnotation['kind']) => annotations.filter((one) => one.kind === kind).length
  const beside = left('live') - live.length
  const said = [
    ...(left('cancelled') > 0 ? [`${left('cancelled')} cancelled`] : []),
    ...(left('predicted') > 0 ? [`${left('predicted')} predicted`] : []),
    ...(beside > 0 ? [`${beside} beside the ground truth`] : []),
  ]
  const [annotation] = live
  if (annotation === undefined) {
    throw new StudioError(
      'missing',
      `the task has no annotation that counts${said.length > 0 ? `: ${said.join(', ')}` : ''}`,
    )
  }
  if (live.length > 1) {
    throw new StudioError(
      'malformed',
      `the task has ${live.length} annotations, and which of them counts is not known`,
      {
        hint: 'Mark one as ground truth, or export one alone.',
      },
    )
  }
  return { annotation, said: said.length === 0 ? [] : [`left out: ${said.join(', ')}`] }
}
