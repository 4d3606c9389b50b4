// The numbers that this project gives for a data set in LVIS's format, in the order of lvis-api.
import { evaluateLvis, LVIS_STAT_NAMES } from '../src/coco/lvis.ts'
import { readCocoDetections, readCocoTruth } from '../src/coco/read.ts'
import type { LvisSet } from './lvis-sets.ts'

/** Reads and scores it as `maskwords eval coco --rules lvis` does. Throws where a record is not read: these sets are sound. */
export function lvisStatsOf({ truth, results, kind }: LvisSet): number[] {
  const own = kind === 'bbox' ? 'box' : 'mask'
  const read = readCocoTruth(truth, own)
  const { detections, problems } = readCocoDetections(results, read, own)
  const all = [...read.problems, ...problems]
  if (all.length > 0) throw new Error(`a sound data set is not read: ${all[0]!.message}`)
  const { stats } = evaluateLvis({ kind: own, ...read, detections, open: read.lost })
  return LVIS_STAT_NAMES.map((name) => stats[name])
}
