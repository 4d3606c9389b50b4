// Label Studio exports: tasks with annotations (JSON), tasks with their regions under the names of controls (JSON-MIN), one
// annotation, or a bare result list. One task, one annotation and one picture at a time (Label Studio 1: "Export annotations").
import { sizeAt } from '@maskwords/annotations'
import { type DrawnShape, readLabelStudioRegion } from '@maskwords/mask'
import { MaskwordsError } from '../error.ts'
import { type FoundMasks, idOf, type MaskJsonOptions, type StatedMask, stem } from './found-masks.ts'
import { isRecord } from './json-text.ts'
import { ambiguous, picked, samePicture } from './picked.ts'
import { type PlacedUnread, unreadFailures } from './unread.ts'

type Item = Readonly<Record<string, unknown>>
type Placed = { readonly item: Item; readonly at: string }

/** A task of an export with `annotations` (once `completions`), or of JSON-MIN. */
export function isLabelStudioTask(value: unknown): value is Item {
  if (!isRecord(value)) return false
  if (listsOf(value).length > 0) return true
  return !Array.isArray(value['shapes']) && !('segmentation' in value) && minRegions(value).length > 0
}

/** Lists of annotations of a task. COCO's and SA-1B's lists of the same name hold segmentations instead of results. */
function listsOf(task: Item): readonly (readonly unknown[])[] {
  const lists = [task['annotations'], task['completions'], task['predictions']].filter((list) =>
    Array.isArray(list),
  )
  const isOurs = (list: readonly unknown[]) =>
    list.some((entry) => isRecord(entry) && Array.isArray(entry['result'])) ||
    (list.length === 0 && isRecord(task['data']))
  return lists.filter(isOurs)
}

/** Regions of a JSON-MIN task: members that are lists of values with the size of their picture. */
function minRegions(task: Item): Placed[] {
  return Object.entries(task).flatMap(([key, list]) =>
    Array.isArray(list)
      ? list.flatMap((value: unknown, i) =>
          isRecord(value) && 'original_width' in value && !isRecord(value['value'])
            ? [{ item: { ...value, value }, at: `.${key}[${i}]` }]
            : [],
        )
      : [],
  )
}

/** The masks of the one task that is meant. Throws MaskwordsError `ambiguous` or `not-found`. */
export function ofTasks(
  tasks: readonly Item[],
  options: MaskJsonOptions,
  at: string,
  isList = true,
): FoundMasks {
  const { name, picks, fileName } = options
  const placed = tasks.map((item, i): Placed => ({ item, at: isList ? `${at}[${i}]` : at }))
  const choice = {
    what: 'task',
    key: 'task' as const,
    idOf: ({ item }: Placed) => textId(item['id']),
    file: name,
  }
  let left = picked({ ...choice, items: placed, picks })
  if (left.length > 1 && fileName !== undefined && picks?.task === undefined) {
    const matching = samePicture(
      left.map(({ item }) => pictureOf(item)),
      fileName,
    )
    const bare =
      matching.length > 0
        ? matching
        : samePicture(
            left.map(({ item }) => withoutPrefix(pictureOf(item))),
            fileName,
          )
    if (bare.length === 0) {
      throw new MaskwordsError(
        'not-found',
        `none of its ${left.length} tasks is of ${fileName}; the first is of ${pictureOf(left[0]!.item) ?? 'no picture'}`,
        {
          file: name,
          hint: `choose one: --pick task=${choice.idOf(left[0]!) ?? '<id>'}`,
        },
      )
    }
    left = bare.map((i) => left[i]!)
  }
  // JSON-MIN has an entry for each annotation of a task.
  const isOneTask =
    left.every(({ item }) => textId(item['id']) === textId(left[0]!.item['id'])) &&
    left.every(({ item }) => 'annotation_id' in item)
  if (left.length > 1 && !isOneTask) throw ambiguous({ ...choice, items: left })
  const lists = left.map(({ item }) => listsOf(item))
  if (lists.every((list) => list.length === 0)) return ofMinTasks(left, options)
  const [{ item, at: place }] = left as [Placed]
  const key = Array.isArray(item['completions']) ? 'completions' : 'annotations'
  const annotations = Array.isArray(item[key]) ? item[key] : []
  return ofAnnotations(annotations, item['predictions'], options, `${place}.${key}`, `${place}.predictions`)
}

function ofMinTasks(tasks: readonly Placed[], options: MaskJsonOptions): FoundMasks {
  const choice = {
    what: 'annotation',
    key: 'annotation' as const,
    idOf: ({ item }: Placed) => textId(item['annotation_id']),
    file: options.name,
  }
  const left = picked({ ...choice, items: tasks, picks: options.picks })
  if (left.length > 1) throw ambiguous({ ...choice, items: left })
  const [{ item, at }] = left as [Placed]
  return ofRegions(
    minRegions(item).map((one) => ({ ...one, at: at + one.at })),
    options,
  )
}

/**
 * The regions of the one annotation that counts: not cancelled, no prediction, unless `--pick annotation=` names another.
 * Throws MaskwordsError `ambiguous` for several, `not-found` for none.
 */
export function ofAnnotations(
  annotations: readonly unknown[],
  predictions: unknown,
  options: MaskJsonOptions,
  at: string,
  predictionsAt: string,
): FoundMasks {
  const { name, picks } = options
  const placed = (list: unknown, place: string): Placed[] =>
    Array.isArray(list)
      ? list.flatMap((item: unknown, i) => (isRecord(item) ? [{ item, at: `${place}[${i}]` }] : []))
      : []
  const all = placed(annotations, at)
  const predicted = placed(predictions, predictionsAt)
  const choice = {
    what: 'annotation',
    key: 'annotation' as const,
    // Predictions that are made for an import have no ids: their place names them.
    idOf: ({ item, at: place }: Placed) => textId(item['id']) ?? /\w+\[\d+\]$/.exec(place)?.[0],
    file: name,
  }
  if (picks?.annotation !== undefined) {
    const [chosen] = picked({ ...choice, items: [...all, ...predicted], picks })
    return ofResult(chosen!, options)
  }
  const live = all.filter(({ item }) => item['was_cancelled'] !== true && item['skipped'] !== true)
  const cancelled = all.length - live.length
  if (live.length > 1) throw ambiguous({ ...choice, items: live })
  const said = [
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(predicted.length > 0 ? [`${predicted.length} predicted`] : []),
  ].join(' and ')
  const [one] = live
  if (one === undefined) {
    const first = [...predicted, ...all][0]
    throw new MaskwordsError('not-found', `no annotation that counts${said === '' ? '' : `: ${said}`}`, {
      file: name,
      at: at.replace(/^\./, ''),
      ...(first !== undefined && {
        hint: `take one all the same: --pick annotation=${choice.idOf(first) ?? '<id>'}`,
      }),
    })
  }
  const found = ofResult(one, options)
  if (said === '') return found
  const note = `${name}: annotation ${choice.idOf(one) ?? ''} is read; left out: ${said} (--pick annotation=<id> takes another)`
  return { ...found, notes: [note, ...found.notes] }
}

function ofResult({ item, at }: Placed, options: MaskJsonOptions): FoundMasks {
  const { result } = item
  if (!Array.isArray(result)) {
    throw new MaskwordsError('malformed', 'an annotation has no list `result`', { file: options.name, at })
  }
  return ofRegions(
    result.flatMap((entry: unknown, i) =>
      isRecord(entry) ? [{ item: entry, at: `${at}.result[${i}]` }] : [],
    ),
    options,
  )
}

/**
 * Regions of one picture. Entries of one id are one region: a shape, and the labels, texts and choices that were given to it.
 * Throws MaskwordsError `ambiguous` where they are of several pictures.
 */
export function ofRegions(entries: readonly Placed[], options: MaskJsonOptions): FoundMasks {
  const { picks, name } = options
  const read = entries.flatMap(({ item, at }) => {
    const reading = readLabelStudioRegion(item)
    return reading === undefined ? [] : [{ item, at, reading }]
  })
  let left: readonly (typeof read)[number][] = read
  for (const [key, what] of [
    ['picture', 'picture'],
    ['item', 'item'],
  ] as const) {
    const idOfEntry = (entry: Placed) => textId(entry.item[key === 'item' ? 'item_index' : 'to_name'])
    const groups = [...new Map(left.map((entry) => [idOfEntry(entry), entry])).values()]
    // A name of a control says nothing where there is but one.
    if (groups.length < 2 && (key === 'picture' || picks?.[key] === undefined)) continue
    const choice = { items: groups, what, key, idOf: idOfEntry, file: name }
    const chosen = picked({ ...choice, picks })
    if (chosen.length > 1) throw ambiguous(choice, ' in one annotation')
    left = left.filter((entry) => idOfEntry(entry) === idOfEntry(chosen[0]!))
  }
  const regions = new Map<string, { at: string; item: Item; labels: string[]; shape?: DrawnShape }>()
  const unread: PlacedUnread[] = []
  left.forEach(({ item, at, reading }, place) => {
    const id = textId(item['id'])
    const key = id === undefined ? `${place}` : `id ${id}`
    const region = regions.get(key) ?? { at, item, labels: [] }
    regions.set(key, region)
    if (reading.label !== undefined && !region.labels.includes(reading.label))
      region.labels.push(reading.label)
    if ('unread' in reading) unread.push({ ...reading.unread, at, label: reading.label })
    else region.shape ??= reading.shape
  })
  const stated = [...regions.values()].flatMap(({ at, item, labels, shape }): StatedMask[] =>
    shape === undefined
      ? []
      : [
          {
            dialect: 'shapes',
            label: labels.join(', ') || stem(options),
            id: idOf(item),
            at: `${at}.value`,
            iscrowd: false,
            size: sizeAt(item, 'original_width', 'original_height') ?? options.size,
            shapes: [shape],
          },
        ],
  )
  return { stated, failures: unreadFailures(unread, name), notes: [] }
}

function textId(id: unknown): string | undefined {
  return typeof id === 'number' || typeof id === 'string' || typeof id === 'bigint' ? String(id) : undefined
}

/** The picture of a task: the one text of its `data` that looks like a file, else what its upload was called. */
function pictureOf(task: Item): string | undefined {
  const data = isRecord(task['data']) ? task['data'] : task
  const names = Object.values(data).filter(
    (value): value is string => typeof value === 'string' && /\.\w{2,5}(?:[?#].*)?$/.test(value),
  )
  const upload = task['file_upload']
  const name = names.length === 1 ? names[0] : (data['image'] ?? upload ?? names[0])
  return typeof name === 'string' ? plainName(name) : undefined
}

/** The path of an address: `/data/local-files/?d=a/b.png` and `https://host/b%20c.png?key=...` are read as well. */
function plainName(address: string): string {
  const local = /[?&]d=([^&#]+)/.exec(address)?.[1]
  const path = local ?? address.replace(/[?#].*$/s, '')
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Uploads get eight hexadecimal digits and a dash before their name. */
function withoutPrefix(path: string | undefined): string | undefined {
  return path?.replace(/(^|[\\/])[\da-f]{8}-(?=[^\\/]+$)/, '$1')
}
