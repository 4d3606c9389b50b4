// CVAT's JSON: a list of shapes, or the annotations of a job (`shapes`, `tracks`, `tags`) or of a task's jobs in a list
// (CVAT 2 REST API: LabeledData; the annotations.json of backups).
import { readCvatShape } from '@maskwords/mask'
import { asObject, flagAt, idAt, type JsonObject, listAt, member, sizeAt, textAt } from '../fields.ts'
import { type PlacedUnread, type ShapeList, sorted } from '../placed.ts'
import type { CvatPicture } from './picture.ts'

export type CvatPlaced = {
  readonly item: JsonObject
  readonly at: string
  readonly frame: string | undefined
  /** The place of its track, where it is of one. */
  readonly track?: string
}

/** The annotations of a job. labelme's `shapes` stand without tracks. */
export function isCvatJob(value: unknown): value is JsonObject {
  return Array.isArray(member(value, 'shapes')) && Array.isArray(member(value, 'tracks'))
}

/** The shapes of some jobs, those of tracks with what their track says. */
export function cvatJobShapes(
  jobs: readonly { readonly item: JsonObject; readonly at: string }[],
): CvatPlaced[] {
  const placed: CvatPlaced[] = []
  for (const { item: job, at } of jobs) {
    placed.push(...cvatShapes(job['shapes'], `${at}.shapes`))
    listAt(job, 'tracks').forEach((value, i) => {
      const track = asObject(value)
      if (track === undefined) return
      const { label_id, label } = track
      const place = `${at}.tracks[${i}]`
      for (const one of cvatShapes(track['shapes'], `${place}.shapes`)) {
        // The kind and label of a track may stand with the track alone.
        placed.push({ ...one, item: { label_id, label, ...one.item }, track: place })
      }
    })
  }
  return placed
}

export function cvatShapes(list: unknown, at: string): CvatPlaced[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((value: unknown, i) => {
    const item = asObject(value)
    return item === undefined ? [] : [{ item, at: `${at}[${i}]`, frame: frameOf(item['frame']) }]
  })
}

function frameOf(frame: unknown): string | undefined {
  return typeof frame === 'number' || typeof frame === 'string' ? String(frame) : undefined
}

/** The frames that shapes are of, in the order of the file, and `more` through which tracks may pass. */
export function cvatFrames(placed: readonly CvatPlaced[], more: readonly string[] = []): CvatPicture[] {
  const byFrame = new Map<string | undefined, CvatPlaced[]>(more.map((frame) => [frame, []]))
  const tracks = new Map<string, CvatPlaced[]>()
  const into = <K>(map: Map<K, CvatPlaced[]>, key: K, one: CvatPlaced) => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [one])
    else list.push(one)
  }
  for (const one of placed) {
    into(byFrame, one.frame, one)
    if (one.track !== undefined) into(tracks, one.track, one)
  }
  return [...byFrame].map(([frame, items]) => ({
    kind: 'frame',
    id: frame,
    name: undefined,
    subset: undefined,
    size: items.map(({ item }) => sizeAt(item)).find((size) => size !== undefined),
    at: frame === undefined ? 'top level' : `frame ${frame}`,
    shapes: () => readShapes(items, frame === undefined ? [] : betweenKeys(tracks, Number(frame))),
  }))
}

function readShapes(
  items: readonly CvatPlaced[],
  between: readonly PlacedUnread[],
): ShapeList & { readonly outside: number } {
  const list = { shapes: [], unread: [...between], outside: 0 } as ShapeList & { outside: number }
  for (const { item, at } of items) {
    if (flagAt(item, 'outside')) {
      list.outside++
      continue
    }
    const { label } = item
    const named = typeof label === 'number' ? String(label) : textAt(item, 'label')
    sorted(list, { at, label: named, id: idAt(item, 'id'), size: sizeAt(item) }, readCvatShape(item))
  }
  return list
}

/** Tracks that pass a frame without a shape of their own in it: CVAT draws them between two key frames. */
function betweenKeys(tracks: ReadonlyMap<string, readonly CvatPlaced[]>, frame: number): PlacedUnread[] {
  const found: PlacedUnread[] = []
  for (const [at, shapes] of tracks) {
    if (shapes.some((shape) => Number(shape.frame) === frame)) continue
    const last = shapes
      .filter((shape) => Number(shape.frame) < frame)
      .reduce<CvatPlaced | undefined>(
        (best, shape) => (best === undefined || Number(shape.frame) > Number(best.frame) ? shape : best),
        undefined,
      )
    if (last === undefined || flagAt(last.item, 'outside')) continue
    const { label } = last.item
    found.push({
      why: 'unknown',
      type: 'track',
      message: `its track has no shape in frame ${frame}, only in key frames; CVAT's XML for video has every frame`,
      at,
      ...(typeof label === 'string' && { label }),
    })
  }
  return found
}
