// CVAT's JSON: a list of shapes, or the annotations of a job (`shapes`, `tracks`, `tags`) or of a task's jobs in a list. One frame at
// a time (CVAT 2 REST API: LabeledData).
import { sizeAt } from '@maskwords/annotations'
import { readCvatShape } from '@maskwords/mask'
import { type FoundMasks, idOf, labelOf, type MaskJsonOptions, type StatedMask } from './found-masks.ts'
import { isRecord } from './json-text.ts'
import { ambiguous, picked } from './picked.ts'
import { type PlacedUnread, unreadFailures } from './unread.ts'

type Item = Readonly<Record<string, unknown>>
type Placed = {
  readonly item: Item
  readonly at: string
  readonly frame: string | undefined
  readonly track?: string
}

/** The annotations of a job. labelme's `shapes` stand without tracks. */
export function isCvatJob(value: unknown): value is Item {
  return isRecord(value) && Array.isArray(value['shapes']) && Array.isArray(value['tracks'])
}

/** The masks of one frame of some jobs. Throws MaskwordsError `ambiguous` or `not-found`. */
export function ofCvatJobs(jobs: readonly Placed[], options: MaskJsonOptions): FoundMasks {
  const items: Placed[] = []
  for (const { item: job, at } of jobs) {
    items.push(...placedShapes(job['shapes'], `${at}.shapes`))
    const tracks = Array.isArray(job['tracks']) ? job['tracks'] : []
    tracks.forEach((track: unknown, i) => {
      if (!isRecord(track)) return
      const { label_id, label } = track
      const place = `${at}.tracks[${i}]`
      for (const one of placedShapes(track['shapes'], `${place}.shapes`)) {
        // The kind and label of a track may stand with the track alone.
        items.push({ ...one, item: { label_id, label, ...one.item }, track: place })
      }
    })
  }
  return ofCvatShapes(items, options)
}

export function placedShapes(list: unknown, at: string): Placed[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((item: unknown, i) =>
    isRecord(item) ? [{ item, at: `${at}[${i}]`, frame: frameOf(item['frame']) }] : [],
  )
}

function frameOf(frame: unknown): string | undefined {
  return typeof frame === 'number' || typeof frame === 'string' ? String(frame) : undefined
}

/** The masks of some shapes, all of one frame or of the one that `--pick frame=` names. */
export function ofCvatShapes(items: readonly Placed[], options: MaskJsonOptions): FoundMasks {
  const { name, picks } = options
  const frames = [...new Map(items.map((one) => [one.frame, one])).values()]
  const choice = {
    items: frames,
    what: 'frame',
    key: 'frame' as const,
    idOf: ({ frame }: Placed) => frame,
    file: name,
  }
  const between = picks?.frame === undefined ? [] : betweenKeys(items, Number(picks.frame))
  // A frame may have nothing but tracks that pass through it.
  const chosen =
    between.length > 0 ? frames.filter(({ frame }) => frame === picks?.frame) : picked({ ...choice, picks })
  if (chosen.length > 1) throw ambiguous(choice)
  const stated: StatedMask[] = []
  const unread: PlacedUnread[] = [...between]
  let outside = 0
  for (const { item, at, frame } of items) {
    if (frame !== chosen[0]?.frame) continue
    if (item['outside'] === true || item['outside'] === 1) {
      outside++
      continue
    }
    const reading = readCvatShape(item)
    const label = labelOf(item, options)
    if ('unread' in reading) {
      unread.push({ ...reading.unread, at, label })
      continue
    }
    const size = sizeAt(item) ?? options.size
    stated.push({
      dialect: 'shapes',
      label,
      id: idOf(item),
      at,
      iscrowd: false,
      size,
      shapes: [reading.shape],
    })
  }
  const notes =
    outside === 0
      ? []
      : [`${name}: ${outside} ${outside === 1 ? 'shape is' : 'shapes are'} outside the picture in this frame`]
  return { stated, failures: unreadFailures(unread, name), notes }
}

/** Tracks that pass a frame without a shape of their own in it: CVAT draws them between two key frames. */
function betweenKeys(items: readonly Placed[], frame: number): PlacedUnread[] {
  const tracks = new Map<string, Placed[]>()
  for (const item of items) {
    if (item.track === undefined) continue
    const list = tracks.get(item.track) ?? []
    list.push(item)
    tracks.set(item.track, list)
  }
  const found: PlacedUnread[] = []
  for (const [at, shapes] of tracks) {
    if (shapes.some((shape) => Number(shape.frame) === frame)) continue
    const before = shapes.filter((shape) => Number(shape.frame) < frame)
    const last = before.reduce<Placed | undefined>(
      (best, shape) => (best === undefined || Number(shape.frame) > Number(best.frame) ? shape : best),
      undefined,
    )
    if (last === undefined || last.item['outside'] === true || last.item['outside'] === 1) continue
    found.push({
      why: 'unknown',
      type: 'track',
      message: `its track has no shape in frame ${frame}, only in key frames; CVAT's XML for video has every frame`,
      at,
    })
  }
  return found
}
