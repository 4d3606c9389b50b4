// Which words of a caption answer which words of a reference, for METEOR. Definition: Denkowski and Lavie 2014, section 2: one to one, most
// matches by weight, then fewest chunks, then least distance; found by a beam from left to right, 40 wide as in METEOR 1.5.

import { englishStem } from './stem.ts'

/** Weight of a match by stage: the same word, the same stem. */
export const METEOR_STAGE_WEIGHTS = [1, 0.6] as const

export type MeteorMatch = { readonly captionAt: number; readonly referenceAt: number; readonly stage: 0 | 1 }

export type MeteorAlignment = {
  /** By place in the reference. */
  readonly matches: readonly MeteorMatch[]
  /** Runs of matches that are adjacent and in the same order in both. */
  readonly chunks: number
}

const BEAM_WIDTH = 40

type Path = {
  readonly weight: number
  readonly chunks: number
  readonly distance: number
  /** Place in the caption of the last match if the last word of the reference was matched, else -2. */
  readonly last: number
  readonly match: MeteorMatch | undefined
  readonly before: Path | undefined
  readonly used: ReadonlySet<number>
}

/** The best alignment of two lists of words that the beam finds. Ties go to low places. */
export function alignForMeteor(caption: readonly string[], reference: readonly string[]): MeteorAlignment {
  const candidates = candidatesOf(caption, reference)
  const timesAsked = new Uint32Array(caption.length)
  for (const list of candidates) for (const { captionAt } of list) timesAsked[captionAt]!++
  let paths: Path[] = [
    { weight: 0, chunks: 0, distance: 0, last: -2, match: undefined, before: undefined, used: new Set() },
  ]
  candidates.forEach((list) => {
    const next: Path[] = []
    // A word with one partner that has no other is never left out.
    const isSettled = list.length === 1 && timesAsked[list[0]!.captionAt] === 1
    for (const path of paths) {
      for (const match of list) {
        if (path.used.has(match.captionAt)) continue
        next.push({
          weight: path.weight + METEOR_STAGE_WEIGHTS[match.stage],
          chunks: path.chunks + (match.captionAt === path.last + 1 ? 0 : 1),
          distance: path.distance + Math.abs(match.captionAt - match.referenceAt),
          last: match.captionAt,
          match,
          before: path,
          used: new Set(path.used).add(match.captionAt),
        })
      }
      if (!isSettled) next.push({ ...path, last: -2, match: undefined, before: path })
    }
    next.sort((a, b) => b.weight - a.weight || a.chunks - b.chunks || a.distance - b.distance)
    paths = next.slice(0, BEAM_WIDTH)
  })
  const matches: MeteorMatch[] = []
  for (let path: Path | undefined = paths[0]; path !== undefined; path = path.before) {
    if (path.match !== undefined) matches.push(path.match)
  }
  return { matches: matches.reverse(), chunks: paths[0]!.chunks }
}

/** For each word of the reference the words of the caption that match it, at the strictest stage. */
function candidatesOf(caption: readonly string[], reference: readonly string[]): MeteorMatch[][] {
  const captionStems = caption.map(englishStem)
  // Equal sentences need no stems: METEOR skips the stage there, so that the beam cannot go wrong.
  const isSame = caption.length === reference.length && caption.every((word, i) => word === reference[i])
  return reference.map((word, referenceAt) => {
    const stem = englishStem(word)
    const matches: MeteorMatch[] = []
    caption.forEach((other, captionAt) => {
      if (other === word) matches.push({ captionAt, referenceAt, stage: 0 })
      else if (!isSame && captionStems[captionAt] === stem) matches.push({ captionAt, referenceAt, stage: 1 })
    })
    return matches
  })
}
