// Label Studio exports: tasks with annotations (JSON), tasks with their regions under the names of controls (JSON-MIN), one
// annotation, or a bare result list (Label Studio 1: "Export annotations").
import { asObject, flagAt, type JsonObject, listAt, member } from '../fields.ts'

export type LabelStudioEntry = { readonly item: JsonObject; readonly at: string }

export type LabelStudioAnnotation = LabelStudioEntry & {
  /** Its own, or its place where it has none, as predictions that are made for an import. */
  readonly id: string | undefined
  /** `live` counts; `cancelled` was skipped by a person, `predicted` made by a model. */
  readonly kind: 'live' | 'cancelled' | 'predicted'
  /** A person's answer that the project compares others with. */
  readonly isGroundTruth: boolean
  /** Entries of its result; undefined where it has no list of them. */
  readonly entries: readonly LabelStudioEntry[] | undefined
}

/** A task of an export with `annotations` (once `completions`), or of JSON-MIN. */
export function isLabelStudioTask(value: unknown): value is JsonObject {
  const task = asObject(value)
  if (task === undefined) return false
  if (listsOf(task).length > 0) return true
  return !Array.isArray(task['shapes']) && !('segmentation' in task) && minRegions(task, '').length > 0
}

/** Whether a task holds its regions under the names of controls, an entry for each annotation. */
export function isMinTask(task: JsonObject): boolean {
  return listsOf(task).length === 0
}

/** Lists of annotations of a task. COCO's and SA-1B's lists of the same name hold segmentations instead of results. */
function listsOf(task: JsonObject): readonly (readonly unknown[])[] {
  const lists = [task['annotations'], task['completions'], task['predictions']].filter((list) =>
    Array.isArray(list),
  )
  const isOurs = (list: readonly unknown[]) =>
    list.some((entry) => Array.isArray(member(entry, 'result'))) ||
    (list.length === 0 && asObject(task['data']) !== undefined)
  return lists.filter(isOurs)
}

/** Regions of a JSON-MIN task: members that are lists of values with the size of their picture. */
function minRegions(task: JsonObject, at: string): LabelStudioEntry[] {
  return Object.entries(task).flatMap(([key, list]) =>
    Array.isArray(list)
      ? list.flatMap((entry: unknown, i) => {
          const value = asObject(entry)
          return value !== undefined && 'original_width' in value && asObject(value['value']) === undefined
            ? [{ item: { ...value, value }, at: `${at}.${key}[${i}]` }]
            : []
        })
      : [],
  )
}

/** All annotations of a task, those that do not count too. */
export function annotationsOf(task: JsonObject, at: string): LabelStudioAnnotation[] {
  if (isMinTask(task)) {
    const id = textId(task['annotation_id'])
    return [{ item: task, at, id, kind: 'live', isGroundTruth: false, entries: minRegions(task, at) }]
  }
  const key = Array.isArray(task['completions']) ? 'completions' : 'annotations'
  return [
    ...listedAnnotations(task[key], `${at}.${key}`),
    ...listedAnnotations(task['predictions'], `${at}.predictions`, true),
  ]
}

/** The annotations that could count: not cancelled, no prediction; of several the one that is marked as ground truth, where one is. */
export function liveAnnotations(all: readonly LabelStudioAnnotation[]): readonly LabelStudioAnnotation[] {
  const live = all.filter(({ kind }) => kind === 'live')
  const truths = live.filter(({ isGroundTruth }) => isGroundTruth)
  return truths.length === 1 ? truths : live
}

/** Annotations of a bare list. */
export function listedAnnotations(list: unknown, at: string, arePredicted = false): LabelStudioAnnotation[] {
  return (Array.isArray(list) ? list : []).flatMap((value: unknown, i) => {
    const item = asObject(value)
    if (item === undefined) return []
    const place = `${at}[${i}]`
    const isCancelled = flagAt(item, 'was_cancelled') || flagAt(item, 'skipped')
    return [
      {
        item,
        at: place,
        id: textId(item['id']) ?? /\w+\[\d+\]$/.exec(place)?.[0],
        kind: arePredicted ? 'predicted' : isCancelled ? 'cancelled' : 'live',
        isGroundTruth: flagAt(item, 'ground_truth'),
        entries: Array.isArray(item['result'])
          ? listAt(item, 'result').flatMap((entry, k) => {
              const region = asObject(entry)
              return region === undefined ? [] : [{ item: region, at: `${place}.result[${k}]` }]
            })
          : undefined,
      } as const,
    ]
  })
}

export function textId(id: unknown): string | undefined {
  return typeof id === 'number' || typeof id === 'string' ? String(id) : undefined
}

/** The pictures that a task's `data` names, by the key that names each: texts that look like files, and what `image` says. */
function namedPictures(task: JsonObject): ReadonlyMap<string, string> {
  const data = asObject(task['data']) ?? task
  const named = Object.entries(data).filter(
    (entry): entry is [string, string] =>
      typeof entry[1] === 'string' && (entry[0] === 'image' || /\.\w{2,5}(?:[?#].*)?$/.test(entry[1])),
  )
  return new Map(named.map(([key, address]) => [key, plainName(address)]))
}

/** Every picture that a task may be of, the likeliest first: of `image`, of other members, what its upload was called. */
export function taskPictures(task: JsonObject): string[] {
  const named = namedPictures(task)
  const upload = task['file_upload']
  const image = named.get('image')
  const all = [
    ...(image === undefined ? [] : [image]),
    ...named.values(),
    ...(typeof upload === 'string' ? [plainName(upload)] : []),
  ]
  return [...new Set(all)]
}

/**
 * The picture of a task that regions of the control `toName` lie on: the only one that it names, that of `image`, or that of the
 * control's own name. Undefined where several could be meant, or none is named.
 */
export function taskPicture(task: JsonObject, toName?: string): string | undefined {
  const named = namedPictures(task)
  const own = toName === undefined ? undefined : named.get(toName)
  if (own !== undefined) return own
  if (named.size === 1) return [...named.values()][0]
  return named.get('image') ?? (named.size === 0 ? taskPictures(task)[0] : undefined)
}

/** The path of an address: `/data/local-files/?d=a/b.png` and `https://host/b%20c.png?key=...` are read as well. */
function plainName(address: string): string {
  const local = /[?&]d=([^&#]+)/.exec(address)?.[1]
  const path = local ?? address.replace(/[?#].*$/s, '').replace(/^[a-z][\w+.-]*:\/\/[^/]*/i, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Uploads get eight hexadecimal digits and a dash before their name. */
export function withoutUploadPrefix(path: string | undefined): string | undefined {
  return path?.replace(/(^|[\\/])[\da-f]{8}-(?=[^\\/]+$)/, '$1')
}
