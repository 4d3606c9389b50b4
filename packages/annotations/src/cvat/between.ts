// A track of CVAT between its key frames. CVAT draws boxes and ellipses evenly from one key frame to the next, also where the next says
// that the object has left, turns them the shorter way round, and lets the last one stand until the job ends (cvat/apps/dataset_manager,
// TrackManager). Polygons it draws by matching corners along both outlines, and masks not at all: those are told, not made up.
import { asObject, type JsonObject, numbersOf } from '../fields.ts'

const EVEN: readonly unknown[] = ['rectangle', 'ellipse']

/** The shape at `share` (0..1) of the way between two key frames; why there is none as a text. */
export function betweenKeyFrames(before: JsonObject, after: JsonObject, share: number): JsonObject | string {
  const { type = 'polygon' } = before
  if (type !== (after['type'] ?? 'polygon')) return 'its shapes before and after are of two kinds'
  if (!EVEN.includes(type)) return `how CVAT draws a ${String(type)} between key frames is not known here`
  const [from, to] = [numbersOf(before['points']), numbersOf(after['points'])]
  if (from === undefined || from.length !== to?.length) return 'its shapes before and after do not fit'
  const rotation = turned(before['rotation'] ?? 0, after['rotation'] ?? 0, share)
  if (rotation === undefined) return 'its shape turns by half a turn, and nothing says which way'
  return { ...before, points: from.map((value, i) => value + (to[i]! - value) * share), rotation }
}

/** Degrees, the shorter way round; undefined where both ways are as long. */
function turned(from: unknown, to: unknown, share: number): number | undefined {
  if (typeof from !== 'number' || typeof to !== 'number') return undefined
  const way = ((((to - from + 180) % 360) + 360) % 360) - 180
  return way === -180 ? undefined : (from + way * share + 360) % 360
}

/** A shape of a track, in the frame that it is of. */
export type KeyFrame = { readonly frame: number; readonly isOutside: boolean; readonly item: JsonObject }

export type Track = {
  /** In the order of the frames. */
  readonly keys: readonly KeyFrame[]
  /** The last frame in which its last shape stands; undefined where that is not known. */
  readonly until: number | undefined
}

/** What a track shows in a frame in which it has no shape of its own: a shape, why none can be had, or nothing. */
export function passing({ keys, until }: Track, frame: number): JsonObject | string | undefined {
  const next = keys.findIndex((key) => key.frame >= frame)
  if (keys[next]?.frame === frame) return undefined
  const before = keys[next === -1 ? keys.length - 1 : next - 1]
  if (before === undefined || before.isOutside) return undefined
  const after = keys[next]
  if (after === undefined) {
    if (until === undefined) return 'which frames its job has is not known'
    return frame <= until ? standing(before.item) : undefined
  }
  return betweenKeyFrames(before.item, after.item, (frame - before.frame) / (after.frame - before.frame))
}

/** A shape that stands until its job ends; a mask does not. */
function standing(item: JsonObject): JsonObject | string {
  return item['type'] === 'mask' ? 'how CVAT draws a mask behind its last key frame is not known here' : item
}

/** The last frames of a task's jobs, in their order, as task.json of a backup states them. */
export function lastFramesOf(task: unknown): (number | undefined)[] {
  const jobs = asObject(task)?.['jobs']
  return Array.isArray(jobs) ? jobs.map((job: unknown) => lastFrameOf(asObject(job))) : []
}

function lastFrameOf(job: JsonObject | undefined): number | undefined {
  const last = job?.['stop_frame']
  return typeof last === 'number' ? last : undefined
}
