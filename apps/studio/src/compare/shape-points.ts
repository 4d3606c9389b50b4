// The points of the rate curve that a worker computes, for the region that is shown.

import { runJob } from '@maskwords/board/engine/job.ts'
import type { Picture, Region } from '@maskwords/board/state/types.ts'
import type { Mask } from '@maskwords/mask'
import { useEffect, useState } from 'react'
import type { CurveJob } from './curve.worker.ts'
import type { RatePoint } from './rate.ts'

export type ShapePoints = {
  readonly points: readonly RatePoint[]
  readonly state: 'waiting' | 'ready' | 'failed'
  readonly message?: string
}

const WAITING: ShapePoints = { points: [], state: 'waiting' }
const kept = new WeakMap<Mask, ShapePoints>()
/** A region that keeps changing is not measured until it rests. */
const REST_MS = 250

/** Points of shapes and of GETok's grids; another region gives up the search that is under way. */
export function useShapePoints(picture: Picture | undefined, region: Region | undefined): ShapePoints {
  const mask = region?.mask
  const [{ of, shapes }, setState] = useState<{ of: Mask | undefined; shapes: ShapePoints }>({
    of: undefined,
    shapes: WAITING,
  })
  useEffect(() => {
    if (picture === undefined || mask === undefined || mask.edges.length === 0) return
    const setShapes = (next: ShapePoints) => setState({ of: mask, shapes: next })
    const known = kept.get(mask)
    if (known !== undefined) return setShapes(known)
    setShapes(WAITING)
    const giveUp = new AbortController()
    const start = setTimeout(async () => {
      const points: RatePoint[] = []
      const worker = new Worker(new URL('./curve.worker.ts', import.meta.url), { type: 'module' })
      const job: CurveJob = { mask, pixels: picture.pixels }
      const onPart = (part: readonly RatePoint[]) => {
        points.push(...part)
        setShapes({ points: [...points], state: 'waiting' })
      }
      try {
        await runJob(worker, job, { signal: giveUp.signal, onPart })
        kept.set(mask, { points, state: 'ready' })
        setShapes({ points, state: 'ready' })
      } catch (error) {
        if (giveUp.signal.aborted) return
        setShapes({ points, state: 'failed', message: (error as Error).message })
      }
    }, REST_MS)
    return () => {
      clearTimeout(start)
      giveUp.abort()
    }
  }, [picture, mask])
  return of === mask ? shapes : WAITING
}
