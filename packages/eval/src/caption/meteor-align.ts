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

/** Words of a text that are aligned; the detailed captions of published sets have some 300. The rest counts as unmatched. */
export const MAX_METEOR_WORDS = 1000

type Path = {
  readonly weight: number
  readonly chunks: number
  readonly distance: number
  /** Place in the caption of the last match if the last word of the reference was matched, else -2. */
  readonly last: number
  readonly match: MeteorMatch | undefined
  readonly before: Path | undefined
}

/** The best alignment of two lists of words that the beam finds. Ties go to low places. */
export function alignForMeteor(caption: readonly string[], reference: readonly string[]): MeteorAlignment {
  const candidates = candidatesOf(caption.slice(0, MAX_METEOR_WORDS), reference.slice(0, MAX_METEOR_WORDS))
  const timesAsked = new Uint32Array(caption.length)
  for (const list of candidates) for (const { captionAt } of list) timesAsked[captionAt]!++
  let paths: Path[] = [{ weight: 0, chunks: 0, distance: 0, last: -2, match: undefined, before: undefined }]
  for (const list of candidates) {
    const next: Path[] = []
    // A word with one partner that has no other is never left out.
    const isSettled = list.length === 1 && timesAsked[list[0]!.captionAt] === 1
    for (const path of paths) {
      // Of one path no more than the beam's width can survive: the following word, then the strictest and nearest ones.
      const used = list.length === 0 ? undefined : usedBy(path)
      const following = list.find(({ captionAt }) => captionAt === path.last + 1 && !used!.has(captionAt))
      let tried = 0
      if (following !== undefined) next.push(extended(path, following))
      for (const match of list) {
        if (tried === BEAM_WIDTH) break
        if (match === following || used!.has(match.captionAt)) continue
        next.push(extended(path, match))
        tried++
      }
      if (!isSettled) next.push({ ...path, last: -2, match: undefined, before: path })
    }
    next.sort((a, b) => b.weight - a.weight || a.chunks - b.chunks || a.distance - b.distance)
    paths = next.slice(0, BEAM_WIDTH)
  }
  const matches: MeteorMatch[] = []
  for (let path: Path | undefined = paths[0]; path !== undefined; path = path.before) {
    if (path.match !== undefined) matches.push(path.match)
  }
  return { matches: matches.reverse(), chunks: paths[0]!.chunks }
}

function extended(path: Path, match: MeteorMatch): Path {
  return {
    weight: path.weight + METEOR_STAGE_WEIGHTS[match.stage],
    chunks: path.chunks + (match.captionAt === path.last + 1 ? 0 : 1),
    distance: path.distance + Math.abs(match.captionAt - match.referenceAt),
    last: match.captionAt,
    match,
    before: path,
  }
}

function usedBy(path: Path): Set<number> {
  const used = new Set<number>()
  for (let at: Path | undefined = path; at !== undefined; at = at.before) {
    if (at.match !== undefined) used.add(at.match.captionAt)
  }
  return used
}

/** For each word of the reference the words of the caption that match it, the strictest stage and the nearest first. */
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
    const distance = ({ captionAt }: MeteorMatch) => Math.abs(captionAt - referenceAt)
    return matches.sort((a, b) => a.stage - b.stage || distance(a) - distance(b) || a.captionAt - b.captionAt)
  })
}
