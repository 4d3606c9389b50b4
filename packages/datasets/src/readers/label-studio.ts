// Label Studio's exports: JSON (tasks with annotations), JSON-MIN, and one file a task or annotation as its storages write them
// (Label Studio 1 documentation: "Export annotations"); read by the code that `encode` reads them with.
import {
  annotationsOf,
  asObject,
  isLabelStudioTask,
  isMinTask,
  type JsonObject,
  type LabelStudioAnnotation,
  type LabelStudioGroup,
  listedAnnotations,
  liveAnnotations,
  regionGroups,
  regionShapes,
  taskPicture,
  taskPictures,
  textId,
  withoutUploadPrefix,
} from '@maskwords/annotations'
import type { DataRecord, Reader, ReaderOptions } from '../record.ts'
import { drawnRegions } from './drawn-regions.ts'
import { Reading } from './reading.ts'

type Task = {
  readonly item: JsonObject
  readonly id: string
  readonly file: string
  readonly at: string
  readonly annotations: readonly LabelStudioAnnotation[]
}

async function* read(options: ReaderOptions): AsyncGenerator<DataRecord> {
  const reading: Reading = new Reading('label-studio', options, 'all')
  const { split } = options
  const folder = split !== undefined && reading.hasFolder(split) ? split : ''
  const own = `${split}.json`
  const files =
    split !== undefined && folder === ''
      ? [own].filter((file) => reading.exists(file))
      : reading.filesIn(folder, ['.json'])
  if (files.length === 0)
    reading.failLayout([folder === '' ? '*.json' : `${folder}/*.json`], ['{split}.json', '{split}/'])
  reading.picturesIn([
    'images',
    folder,
    folder === '' ? '' : `${folder}/images`,
    'upload',
    'media/upload',
    '',
  ])
  const tasks = mergedTasks(files.flatMap((file) => tasksOf(reading, file)))
  const pictures = new Set<string>()
  for (const task of tasks) {
    reading.signal?.throwIfAborted()
    for (const record of recordsOf(reading, task, pictures)) yield record
    await new Promise((resolve) => setImmediate(resolve))
  }
}

/** The tasks of a file: a list of them, one, or an annotation with its task inside. */
function tasksOf(reading: Reading, file: string): Task[] {
  const value = reading.json(file)
  if (value === undefined) return []
  const list: readonly unknown[] = Array.isArray(value) ? value : [value]
  const tasks = list.flatMap((entry, place): Task[] => {
    const at = Array.isArray(value) ? `[${place}]` : 'top level'
    if (isLabelStudioTask(entry)) {
      const id = textId(entry['id']) ?? `${file}${at}`
      return [{ item: entry, id, file, at, annotations: annotationsOf(entry, at) }]
    }
    const inner = asObject(asObject(entry)?.['task'])
    if (inner === undefined || !Array.isArray(asObject(entry)?.['result'])) return []
    const id = textId(inner['id']) ?? `${file}${at}`
    return [{ item: inner, id, file, at, annotations: listedAnnotations([entry], at) }]
  })
  if (tasks.length < list.length) {
    const lost = list.length - tasks.length
    reading.problem(
      'bad-field',
      `${file}: ${lost} of ${list.length} entries are no tasks of Label Studio`,
      file,
    )
  }
  return tasks
}

/** One task for the entries of JSON-MIN, and for the files of annotations, that are of one task. */
function mergedTasks(tasks: readonly Task[]): Task[] {
  const merged = new Map<string, Task>()
  const ids = new Set<string>()
  for (const task of tasks) {
    const isFile = task.annotations.some(({ item }) => asObject(item['task']) !== undefined)
    const isEntry = isMinTask(task.item)
    const key = isFile ? task.id : `${task.file} ${isEntry ? task.id : task.at}`
    const before = merged.get(key)
    if (before !== undefined) {
      merged.set(key, { ...before, annotations: [...before.annotations, ...task.annotations] })
      continue
    }
    // Two projects number their tasks alike.
    const id = ids.has(task.id) ? `${task.file}:${task.id}` : task.id
    ids.add(id)
    merged.set(key, { ...task, id })
  }
  return [...merged.values()]
}

/** The records of a task: one for each picture that its one annotation that counts has regions of. */
function* recordsOf(reading: Reading, task: Task, pictures: Set<string>): Generator<DataRecord> {
  const { file, id } = task
  const at = `task ${id}`
  const annotation = countedAnnotation(reading, task, at)
  if (annotation === undefined) return
  if (annotation.entries === undefined) {
    reading.problem('bad-field', `${at}: annotation ${annotation.id} has no list \`result\``, file, at)
    return
  }
  const groups = regionGroups(annotation.entries)
  const several = groups.length > 1
  // Without a region, the picture shows nothing of what was looked for.
  const all = groups.length === 0 ? [{ toName: undefined, itemIndex: undefined, entries: [] }] : groups
  for (const group of all) {
    const name = several ? groupPicture(task.item, group) : taskPicture(task.item, group.toName)
    const where = several ? `${at}, ${group.toName ?? ''} ${group.itemIndex ?? ''}`.trim() : at
    if (name === undefined) {
      const named = taskPictures(task.item)
      const message = several
        ? `${where}: its annotation has regions of ${groups.length} pictures, and which file this one is is not said`
        : named.length === 0
          ? `${where} names no picture`
          : `${where} names ${named.length} pictures (${named.slice(0, 3).join(', ')}), and which its regions lie on is not said`
      reading.problem('missing-picture', message, file, where)
      continue
    }
    const list = regionShapes(group.entries)
    const size = list.shapes.find((shape) => shape.size !== undefined)?.size
    const bare = withoutUploadPrefix(name) ?? name
    // Names are paths of the server's: of them, too, the end that is there.
    const known = [name, bare, `/${name}`, `/${bare}`].find((one) => reading.isThere(one, file, 'pictures'))
    // Browsers, and so Label Studio, turn pictures by EXIF before anyone draws on them.
    const picture = reading.picture(known ?? name, { ...size, drawnOn: 'shown' }, file, where)
    if (picture === undefined) continue
    for (const { label, labels, at: place } of list.shapes) {
      if (labels === undefined) continue
      const message = `${where}: a region has several labels, taken together as the name ${JSON.stringify(label)}`
      reading.doubtOnce(`labels ${label}`, 'bad-field', `${message} (${place.replace(/^\./, '')})`, file)
    }
    const regions = drawnRegions(reading, list, picture, file)
    if (pictures.has(picture.file)) {
      // What this task does not show another may.
      reading.mayLack()
      reading.doubt(
        'duplicate-id',
        `${where}: another task has its picture ${picture.file}, too`,
        file,
        where,
      )
    }
    pictures.add(picture.file)
    const key = several ? `${id}/${group.toName ?? ''}${group.itemIndex ?? ''}` : id
    const record = reading.record(key, picture, { regions }, file)
    if (record !== undefined) yield record
  }
}

/** The one annotation of a task that is no prediction and was not cancelled; of several none, unless one is chosen. */
function countedAnnotation(
  reading: Reading,
  { annotations, file }: Task,
  at: string,
): LabelStudioAnnotation | undefined {
  const live = liveAnnotations(annotations)
  const left = annotations.length - live.length
  if (live.length === 0) {
    const said = left === 0 ? '' : `: ${left} cancelled or predicted`
    reading.problem('bad-field', `${at} has no annotation that counts${said}`, file, at)
    return undefined
  }
  const [only] = live
  if (live.length === 1) {
    if (annotations.some((one) => one.kind === 'live' && one !== only))
      reading.doubt(
        'duplicate-id',
        `${at} has several annotations; that of the ground truth counts`,
        file,
        at,
      )
    return only
  }
  if (reading.sameId === 'refuse') {
    const ids = live.map(({ id }) => id ?? '(no id)').join(', ')
    const message = `${at} has ${live.length} annotations (${ids}): which counts is not known, none is used; choose with --same-id first or last`
    reading.problem('duplicate-id', message, file, at)
    return undefined
  }
  const chosen = live.at(reading.sameId === 'first' ? 0 : -1)!
  reading.doubt(
    'duplicate-id',
    `${at} has ${live.length} annotations; the ${reading.sameId} one counts`,
    file,
    at,
  )
  return chosen
}

/** Of a task with several pictures, the one whose name in `data` is that of the control, or the page of its list. */
function groupPicture(task: JsonObject, { toName, itemIndex }: LabelStudioGroup): string | undefined {
  const data = asObject(task['data']) ?? task
  const named = toName === undefined ? undefined : data[toName]
  const pages = Array.isArray(named) ? named : Object.values(data).find((value) => Array.isArray(value))
  if (itemIndex !== undefined && Array.isArray(pages)) {
    const page: unknown = pages[Number(itemIndex)]
    return typeof page === 'string' ? taskPicture({ data: { image: page } }) : undefined
  }
  return typeof named === 'string' ? taskPicture(task, toName) : undefined
}

export const labelStudio: Reader = {
  name: 'label-studio',
  title: 'Label Studio: exported tasks',
  layout: [
    '*.json, {split}.json or {split}/*.json: exported as JSON or JSON-MIN, or a file for each task or annotation (storages)',
    'pictures in images/, upload/ or the root, with or without the eight digits that uploads get before their name',
  ],
  splits: [],
  gives: ['masks'],
  read,
}
