// CVAT's JSON: a list of shapes, or the annotations of a job (`shapes`, `tracks`, `tags`) or of a task's jobs in a list
// (CVAT 2 REST API: LabeledData; the annotations.json of backups).
import { readCvatShape } from '@maskwords/mask'
import { asObject, flagAt, idAt, type JsonObject, listAt, member, sizeAt, textAt } from '../fields.ts'
import { type PlacedUnread, type ShapeList, sorted } from '../placed.ts'
import { passing, type Track } from './between.ts'
import type { CvatPicture } from './picture.ts'

export type CvatPlaced = {
  readonly item: JsonObject
  readonly at: string
  readonly frame: string | undefined
  /** The place of its track, where it is of one. */
  readonly track?: string
  /** The last frame in which the track's last shape stands; undefined where that is not known. */
  readonly until?: number | undefined
}

/** The annotations of a job. labelme's `shapes` stand without tracks. */
export function isCvatJob(value: unknown): value is JsonObject {
  return Array.isArray(member(value, 'shapes')) && Array.isArray(member(value, 'tracks'))
}

/**
 * The shapes of some jobs, those of tracks with what their track says. `lastFrames`: of each job, where they are known; a job that is
 * alone ends with the task.
 */
export function cvatJobShapes(
  jobs: readonly { readonly item: JsonObject; readonly at: string }[],
  lastFrames: readonly (number | undefined)[] = [],
): CvatPlaced[] {
  const placed: CvatPlaced[] = []
  for (const [number, { item: job, at }] of jobs.entries()) {
    const until = jobs.length === 1 ? Number.POSITIVE_INFINITY : lastFrames[number]
    placed.push(...cvatShapes(job['shapes'], `${at}.shapes`))
    listAt(job, 'tracks').forEach((value, i) => {
      const track = asObject(value)
      if (track === undefined) return
      const { label_id, label } = track
      const place = `${at}.tracks[${i}]`
      for (const one of cvatShapes(track['shapes'], `${place}.shapes`)) {
        // The kind and label of a track may stand with the track alone.
        placed.push({ ...one, item: { label_id, label, ...one.item }, track: place, until })
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
  const byTrack = new Map<string, CvatPlaced[]>()
  const into = <K>(map: Map<K, CvatPlaced[]>, key: K, one: CvatPlaced) => {
    const list = map.get(key)
    if (list === undefined) map.set(key, [one])
    else list.push(one)
  }
  for (const one of placed) {
    into(byFrame, one.frame, one)
    if (one.track !== undefined) into(byTrack, one.track, one)
  }
  const tracks = [...byTrack].map(([at, shapes]) => ({ at, ...trackOf(shapes) }))
  return [...byFrame].map(([frame, items]) => ({
    kind: 'frame',
    id: frame,
    name: undefined,
    subset: undefined,
    size: items.map(({ item }) => sizeAt(item)).find((size) => size !== undefined),
    at: frame === undefined ? 'top level' : `frame ${frame}`,
    shapes: () => readShapes(items, frame === undefined ? NONE : passers(tracks, Number(frame))),
  }))
}

function trackOf(shapes: readonly CvatPlaced[]): Track {
  const keys = shapes
    .map(({ item, frame }) => ({ frame: Number(frame), isOutside: flagAt(item, 'outside'), item }))
    .sort((a, b) => a.frame - b.frame)
  return { keys, until: shapes[0]?.until }
}

const NONE: Passers = { items: [], unread: [] }

type Passers = { readonly items: readonly CvatPlaced[]; readonly unread: readonly PlacedUnread[] }

/** The tracks that pass a frame without a shape of their own in it. */
function passers(tracks: readonly (Track & { readonly at: string })[], frame: number): Passers {
  const items: CvatPlaced[] = []
  const unread: PlacedUnread[] = []
  for (const { at, ...track } of tracks) {
    const shown = passing(track, frame)
    if (shown === undefined) continue
    if (typeof shown !== 'string') {
      // It is one of many of its key frame: the id of that shape is not its own.
      items.push({ item: { ...shown, id: undefined }, at, frame: String(frame) })
      continue
    }
    const message = `its track has no shape in frame ${frame}, only in key frames: ${shown}; CVAT's XML for video has every frame`
    const label = track.keys.map(({ item }) => labelOf(item)).find((one) => one !== undefined)
    unread.push({ why: 'unknown', type: 'track', message, at, ...(label !== undefined && { label }) })
  }
  return { items, unread }
}

function readShapes(
  items: readonly CvatPlaced[],
  { items: more, unread }: Passers,
): ShapeList & { readonly outside: number } {
  const list = { shapes: [], unread: [...unread], outside: 0 } as ShapeList & { outside: number }
  for (const { item, at } of [...items, ...more]) {
    if (flagAt(item, 'outside')) {
      list.outside++
      continue
    }
    const place = { at, label: labelOf(item), id: idAt(item, 'id'), size: sizeAt(item) }
    sorted(list, place, readCvatShape(item))
  }
  return list
}

function labelOf(item: JsonObject): string | undefined {
  const { label } = item
  return typeof label === 'number' ? String(label) : textAt(item, 'label')
}
