// How many code rows `encode` decodes for each mask before it takes the best: one setting for the codecs that search.
import { CodecError } from './error.ts'

/** More trials than this bring nothing: SAMTok's rows that far from a vector are other masks, HiMTok's descent has ended. */
const MAX_SEARCH = 1024

/** What is wrong with a number of trials; none where it can be. */
export function searchProblems(search: number): string[] {
  const fits = Number.isInteger(search) && search >= 1 && search <= MAX_SEARCH
  return fits ? [] : [`search must be a whole number from 1 to ${MAX_SEARCH}, got ${search}`]
}

/** The trials of a call: its own number, else the configuration's, else 1. Throws CodecError `out-of-range` for one that cannot be. */
export function trialsOf(call: { readonly search?: number }, config: { readonly search?: number }): number {
  const trials = call.search ?? config.search ?? 1
  const [problem] = searchProblems(trials)
  if (problem !== undefined) throw new CodecError('out-of-range', problem)
  return trials
}
