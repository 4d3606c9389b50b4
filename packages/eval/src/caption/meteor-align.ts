// Which words of a caption answer which words of a reference, for METEOR. Definition: Denkowski and Lavie 2014, section 2: one to one, most
// matches by weight, then fewest chunks, then least distance; found by a beam from left to right. Numbers, order of matches and ties are
// those of the published program (METEOR 1.5), its peculiarities included.

import type { MeteorTables } from './meteor-tables.ts'
import { englishStem } from './stem.ts'

/** Weight of a match by stage: the same word, the same stem, a synonym, a paraphrase. */
export const METEOR_STAGE_WEIGHTS = [1, 0.6, 0.8, 0.6] as const

export type MeteorStage = 0 | 1 | 2 | 3

/** Words that follow each other in the caption, and those of the reference that they answer. */
export type MeteorMatch = {
  readonly captionAt: number
  readonly captionWords: number
  readonly referenceAt: number
  readonly referenceWords: number
  readonly stage: MeteorStage
}

export type MeteorAlignment = {
  /** By place in the reference. */
  readonly matches: readonly MeteorMatch[]
  /** Runs of matches that are adjacent and in the same order in both. */
  readonly chunks: number
}

const BEAM_WIDTH = 40
/** What a matched word counts in the search, in halves: the program rounds sums down, so that a lone inexact match counts nothing. */
const SEARCH_HALVES = [2, 1, 1, 1] as const

/** Words of a text that are aligned; the detailed captions of published sets have some 300. The rest counts as unmatched. */
export const MAX_METEOR_WORDS = 1000
/** Matches of one place of a reference that are tried: texts of which more are made of one word alone. */
const MAX_MATCHES = 200

/** A path of the search: its numbers, and the last of its matches. */
type Path = {
  captionWeight: number
  referenceWeight: number
  chunks: number
  distance: number
  /** The next place of the reference. */
  at: number
  /** Behind the last match in the caption, where the last word of the reference was matched; else -1. */
  lastEnd: number
  match: MeteorMatch | undefined
  readonly before: Path | undefined
}

/** The best alignment of two lists of words that the beam finds. */
export function alignForMeteor(
  caption: readonly string[],
  reference: readonly string[],
  tables?: MeteorTables,
): MeteorAlignment {
  const said = caption.slice(0, MAX_METEOR_WORDS)
  const wanted = reference.slice(0, MAX_METEOR_WORDS)
  const found = matchesOf(said, wanted, tables)
  const settled = settledMatches(found, said.length)
  /** Places that settled matches take. */
  const taken = usedPlaces([...settled.values()])
  const covered = new Set<number>()
  for (const { referenceAt, referenceWords } of settled.values())
    for (let k = 0; k < referenceWords; k++) covered.add(referenceAt + k)
  let paths: Path[] = [
    {
      ...{ captionWeight: 0, referenceWeight: 0, chunks: 0, distance: 0, at: 0, lastEnd: -1 },
      ...{ match: undefined, before: undefined },
    },
  ]
  for (const [place, matches] of found.entries()) {
    const next: Path[] = []
    for (const path of best(paths)) {
      if (place < path.at) next.push(path)
      else if (covered.has(place)) {
        const match = settled.get(place)
        if (match !== undefined)
          next.push(extended(path, match, Math.abs(match.referenceAt - match.captionAt)))
      } else {
        const used = matches.length === 0 ? taken : usedPlaces(matchesOfPath(path), taken)
        // The program adds the distance of a match to the path that it leaves: to those that are tried after it.
        let { distance } = path
        for (const match of matches) {
          if (isUsed(match, used)) continue
          next.push(extended({ ...path, distance }, match, 0, path))
          distance += Math.abs(match.referenceAt - match.captionAt)
        }
        next.push({ ...ended(path), distance, at: path.at + 1, match: undefined, before: path })
      }
    }
    paths = next.length > 0 ? next : paths.slice(0, 1)
  }
  const [first] = best(best(paths).map(ended))
  return { matches: matchesOfPath(first!).reverse(), chunks: first!.chunks }
}

function best(paths: readonly Path[]): Path[] {
  const weight = (path: Path) => path.captionWeight + path.referenceWeight
  return [...paths]
    .sort((a, b) => weight(b) - weight(a) || a.chunks - b.chunks || a.distance - b.distance)
    .slice(0, BEAM_WIDTH)
}

function extended(path: Path, match: MeteorMatch, distance: number, before: Path = path): Path {
  const halves = SEARCH_HALVES[match.stage]
  return {
    captionWeight: Math.floor(path.captionWeight + (match.captionWords * halves) / 2),
    referenceWeight: Math.floor(path.referenceWeight + (match.referenceWords * halves) / 2),
    chunks: path.chunks + (path.lastEnd !== -1 && match.captionAt !== path.lastEnd ? 1 : 0),
    distance: path.distance + distance,
    at: match.referenceAt + match.referenceWords,
    lastEnd: match.captionAt + match.captionWords,
    match,
    before,
  }
}

/** The path with its open chunk counted. */
const ended = (path: Path): Path =>
  path.lastEnd === -1 ? path : { ...path, chunks: path.chunks + 1, lastEnd: -1 }

/** The last one first. */
function matchesOfPath(path: Path): MeteorMatch[] {
  const matches: MeteorMatch[] = []
  for (let at: Path | undefined = path; at !== undefined; at = at.before)
    if (at.match !== undefined) matches.push(at.match)
  return matches
}

/** Used places of both texts: those of the caption as they are, those of the reference as -1, -2, ... */
type Used = ReadonlySet<number>

function usedPlaces(matches: readonly MeteorMatch[], more: Used = new Set()): Used {
  const used = new Set(more)
  for (const { captionAt, captionWords, referenceAt, referenceWords } of matches) {
    for (let k = 0; k < captionWords; k++) used.add(captionAt + k)
    for (let k = 0; k < referenceWords; k++) used.add(-1 - referenceAt - k)
  }
  return used
}

function isUsed({ captionAt, captionWords, referenceAt, referenceWords }: MeteorMatch, used: Used): boolean {
  for (let k = 0; k < captionWords; k++) if (used.has(captionAt + k)) return true
  for (let k = 0; k < referenceWords; k++) if (used.has(-1 - referenceAt - k)) return true
  return false
}

/** Matches that share no word with any other: they are never left out. By their place in the reference. */
function settledMatches(found: readonly MeteorMatch[][], captionLength: number): Map<number, MeteorMatch> {
  const captionTimes = new Uint32Array(captionLength)
  const referenceTimes = new Uint32Array(found.length)
  for (const { captionAt, captionWords, referenceAt, referenceWords } of found.flat()) {
    for (let k = 0; k < captionWords; k++) captionTimes[captionAt + k]!++
    for (let k = 0; k < referenceWords; k++) referenceTimes[referenceAt + k]!++
  }
  const isAlone = (times: Uint32Array, from: number, count: number) =>
    times.subarray(from, from + count).every((time) => time === 1)
  return new Map(
    found.flatMap((matches, place) => {
      const [match] = matches
      if (match === undefined || matches.length > 1) return []
      const { captionAt, captionWords, referenceAt, referenceWords } = match
      return isAlone(captionTimes, captionAt, captionWords) &&
        isAlone(referenceTimes, referenceAt, referenceWords)
        ? [[place, match] as const]
        : []
    }),
  )
}

/** For each word of the reference the matches that begin there, stage by stage. */
function matchesOf(
  caption: readonly string[],
  reference: readonly string[],
  tables: MeteorTables | undefined,
): MeteorMatch[][] {
  const found: MeteorMatch[][] = reference.map(() => [])
  const pairs = (stage: MeteorStage, matches: (captionAt: number, referenceAt: number) => boolean) => {
    for (let referenceAt = 0; referenceAt < reference.length; referenceAt++) {
      for (let captionAt = 0; captionAt < caption.length; captionAt++) {
        if (!matches(captionAt, referenceAt)) continue
        found[referenceAt]!.push({ captionAt, captionWords: 1, referenceAt, referenceWords: 1, stage })
      }
    }
  }
  const isSameWord = (captionAt: number, referenceAt: number) => caption[captionAt] === reference[referenceAt]
  pairs(0, isSameWord)
  // Equal sentences need no other stage: METEOR skips them there, so that the beam cannot go wrong.
  const isSame = caption.length === reference.length && caption.every((word, i) => word === reference[i])
  if (!isSame) {
    const [captionStems, referenceStems] = [caption.map(englishStem), reference.map(englishStem)]
    pairs(1, (c, r) => captionStems[c] === referenceStems[r] && !isSameWord(c, r))
    if (tables !== undefined) {
      const [captionSets, referenceSets] = [caption, reference].map((words) =>
        words.map((word) => tables.synonymSets(word)),
      )
      pairs(2, (c, r) => !isSameWord(c, r) && meet(captionSets![c]!, referenceSets![r]!))
      for (const match of paraphrases(reference, caption, tables))
        found[match.at]!.push({ ...referenceFirst(match), stage: 3 })
      for (const match of paraphrases(caption, reference, tables))
        found[match.otherAt]!.push({ ...captionFirst(match), stage: 3 })
    }
  }
  for (const matches of found) matches.splice(MAX_MATCHES)
  return found
}

const meet = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => {
  for (const one of a) if (b.has(one)) return true
  return false
}

type Paraphrase = {
  readonly at: number
  readonly words: number
  readonly otherAt: number
  readonly otherWords: number
}

const referenceFirst = ({ at, words, otherAt, otherWords }: Paraphrase) => ({
  ...{ referenceAt: at, referenceWords: words, captionAt: otherAt, captionWords: otherWords },
})
const captionFirst = ({ at, words, otherAt, otherWords }: Paraphrase) => ({
  ...{ captionAt: at, captionWords: words, referenceAt: otherAt, referenceWords: otherWords },
})

/** Phrases of one text that the table has, with each place of the other where one of their paraphrases stands. */
function* paraphrases(
  one: readonly string[],
  other: readonly string[],
  tables: MeteorTables,
): Generator<Paraphrase> {
  for (let at = 0; at < one.length; at++) {
    for (const { words, paraphrase } of tables.paraphrasesAt(one, at)) {
      for (let otherAt = 0; otherAt + paraphrase.length <= other.length; otherAt++) {
        if (!paraphrase.every((word, k) => other[otherAt + k] === word)) continue
        yield { at, words, otherAt, otherWords: paraphrase.length }
      }
    }
  }
}
