// Regions of GETok as words and back: which codes a region has, in which order, and what text says it. Spelling and
// reading of the text itself belong to @maskwords/words (arXiv 2512.10554; answer and refinement formats of its figures).

import {
  answerOnly,
  type FoundRefinement,
  formatGetokInstance,
  formatGetokRefinement,
  type GetokGeometry,
  type GetokVocabulary,
  pairGetokOffsets,
  parseGetok,
} from '@maskwords/words'
import type { MaskWords, WordsInput } from '../codec.ts'
import { CodecError } from '../error.ts'
import { DELETE, type GridRegion, type RegionOffsets } from './offset.ts'

/** Most words of one mask that are read: far beyond the 64 points that are written. */
export const MAX_REGION_WORDS = 1024

/** Most objects of one text, whose union is one mask. Published answers with many objects have about twenty. */
export const MAX_REGIONS = 64

/** One region as read: box and points, or a closed line, each with its offsets where the text refines them. */
export type ReadRegion = GridRegion & {
  readonly offsets?: RegionOffsets
  /** A closed line (`<pg>`): the mask is what it encloses. */
  readonly polygonCells?: readonly number[]
  readonly polygonOffsets?: readonly number[]
}

function geometriesOf(region: GridRegion): GetokGeometry[] {
  const geometries: GetokGeometry[] = []
  if (region.boxCells !== undefined) geometries.push({ kind: 'box', codes: region.boxCells })
  if (region.pointCells.length > 0) geometries.push({ kind: 'seg', codes: region.pointCells })
  return geometries
}

/** The same containers with one offset word for each grid word. */
export function offsetGeometries(
  region: GridRegion,
  offsets: RegionOffsets,
  vocabulary: GetokVocabulary,
): GetokGeometry[] {
  const first = vocabulary.gridSize ** 2
  const geometries: GetokGeometry[] = []
  if (region.boxCells !== undefined && offsets.box !== undefined) {
    geometries.push({ kind: 'box', codes: offsets.box.map((offset) => first + offset) })
  }
  if (region.pointCells.length > 0) {
    geometries.push({ kind: 'seg', codes: offsets.points.map((offset) => first + offset) })
  }
  return geometries
}

/** A region in words: `<box>..</box><seg>..</seg>`, and `<offset>..</offset>` on a line of its own where it is refined. */
export function regionToWords(
  region: GridRegion,
  vocabulary: GetokVocabulary,
  offsets?: RegionOffsets,
): MaskWords {
  const geometries = geometriesOf(region)
  if (geometries.length === 0) return { codes: [], text: '', tokens: 0, bits: 0 }
  const codes = geometries.flatMap((geometry) => [...geometry.codes])
  let text = formatGetokInstance({ geometries }, vocabulary)
  let bits = codes.length * vocabulary.bitsPerGridWord
  let tags = 2 * geometries.length
  if (offsets !== undefined) {
    const moves = offsetGeometries(region, offsets, vocabulary)
    const moveCodes = moves.flatMap((geometry) => [...geometry.codes])
    text += `\n${formatGetokRefinement(moves, vocabulary)}`
    bits += moveCodes.length * vocabulary.bitsPerOffsetWord
    codes.push(...moveCodes)
    // The offset block has tags of its own.
    tags += 2 + 2 * moves.length
  }
  return { codes, text, tokens: codes.length + tags * vocabulary.tagTokens, bits }
}

/**
 * The regions that words say; none for no words. Codes are two corners, then points, then, for a refined region, one
 * offset for each of them; a single grid code is a point. Throws CodecError for words that say no mask.
 */
export function readRegions(input: WordsInput, vocabulary: GetokVocabulary): ReadRegion[] {
  if (typeof input === 'string') return regionsFromText(input, vocabulary)
  const codes = 'codes' in input ? input.codes : input
  // What encode returned is read by its text, which names its containers.
  if ('text' in input && input.text !== '') return regionsFromText(input.text, vocabulary)
  return codes.length === 0 ? [] : [regionFromCodes(codes, vocabulary)]
}

function checkCount(count: number): void {
  if (count > MAX_REGION_WORDS) {
    throw new CodecError('too-large', `${count} words for one mask; the limit is ${MAX_REGION_WORDS}`)
  }
}

function regionFromCodes(codes: ArrayLike<number>, vocabulary: GetokVocabulary): ReadRegion {
  checkCount(codes.length)
  const first = vocabulary.gridSize ** 2
  const cells: number[] = []
  const moves: number[] = []
  for (let k = 0; k < codes.length; k++) {
    const code = codes[k]!
    if (!Number.isInteger(code) || code < 0 || code >= vocabulary.wordCount) {
      throw new CodecError(
        'malformed-words',
        `code ${code} at position ${k}: GETok has codes 0 to ${vocabulary.wordCount - 1}`,
        {
          at: k,
          hint: 'encode and decode with the same grid size',
        },
      )
    }
    if (code >= first) moves.push(code - first)
    else if (moves.length === 0) cells.push(code)
    else {
      throw new CodecError('malformed-words', `grid code ${code} at position ${k} follows offset codes`, {
        at: k,
      })
    }
  }
  if (moves.length > 0 && moves.length !== cells.length) {
    throw new CodecError('malformed-words', `${cells.length} grid codes but ${moves.length} offset codes`, {
      hint: 'a refined mask has one offset code for every grid code',
    })
  }
  const corners = cells.length > 1 ? 2 : 0
  const pointCells = cells.slice(corners)
  const box = corners === 2 ? { boxCells: sortedCorners(cells[0]!, cells[1]!, vocabulary.gridSize) } : {}
  if (moves.length === 0) return { ...box, pointCells }
  const offsetBox = corners === 2 ? { box: [moves[0]!, moves[1]!] as const } : {}
  return { ...box, pointCells, offsets: { ...offsetBox, points: moves.slice(corners) } }
}

/** Top left, then bottom right, whichever corners were given: as the reader of text has it. */
function sortedCorners(a: number, b: number, n: number): readonly [number, number] {
  const top = Math.min(Math.floor(a / n), Math.floor(b / n))
  const bottom = Math.max(Math.floor(a / n), Math.floor(b / n))
  return [top * n + Math.min(a % n, b % n), bottom * n + Math.max(a % n, b % n)]
}

function regionsFromText(text: string, vocabulary: GetokVocabulary): ReadRegion[] {
  const parse = parseGetok(answerOnly(text), vocabulary)
  const rejected = parse.instances.flatMap((one) => one.geometries).find((one) => one.status === 'rejected')
  if (rejected !== undefined) {
    throw new CodecError(
      'malformed-words',
      `<${rejected.kind}> at character ${rejected.start} cannot be read`,
      {
        at: rejected.start,
        hint: 'a box has two grid words, a polygon three or more, all within the grid',
      },
    )
  }
  if (parse.instances.length === 0) {
    if (text.trim() === '') return []
    const misspelt = parse.problems.find(({ kind }) => kind === 'misspelt')
    if (misspelt !== undefined) {
      throw new CodecError(
        'malformed-words',
        `a word in a spelling that cannot be read at character ${misspelt.start}: ${JSON.stringify(text.slice(misspelt.start, misspelt.end).slice(0, 40))}`,
        { at: misspelt.start, hint: 'words look like <grid_19_1>; turn escapes of HTML or JSON back' },
      )
    }
    throw new CodecError('malformed-words', 'the text has no GETok words', {
      hint: 'words look like <grid_19_1>; check the codec and the grid size',
    })
  }
  if (parse.instances.length > MAX_REGIONS) {
    throw new CodecError(
      'too-large',
      `${parse.instances.length} objects in one text; the limit is ${MAX_REGIONS}`,
      { hint: 'decode every line by itself and unite the masks' },
    )
  }
  checkCount(
    parse.instances.reduce((sum, one) => sum + one.geometries.reduce((n, g) => n + g.codes.length, 0), 0),
  )
  const refinement = joinedRefinement(parse.refinements)
  const moves = refinement === undefined ? undefined : pairedMoves(parse.instances, refinement, vocabulary)
  let geometry = 0
  return parse.instances.map((instance) => {
    const offsets: { box?: readonly [number, number]; points: number[] } = { points: [] }
    let boxCells: readonly [number, number] | undefined
    const pointCells: number[] = []
    const polygonCells: number[] = []
    const polygonOffsets: number[] = []
    for (const { kind, codes, start } of instance.geometries) {
      const move = moves?.[geometry++]
      if (kind === 'pl') {
        throw new CodecError('malformed-words', `<pl> at character ${start}: an open line encloses no mask`, {
          at: start,
          hint: 'read lines with cellsToPoints',
        })
      }
      if ((kind === 'box' && boxCells !== undefined) || (kind === 'pg' && polygonCells.length > 0)) {
        throw new CodecError('malformed-words', `a second <${kind}> of one object at character ${start}`, {
          at: start,
          hint: 'write every object on a line of its own',
        })
      }
      if (kind === 'box') {
        boxCells = [codes[0]!, codes[1]!]
        if (move !== undefined) offsets.box = [move[0]!, move[1]!]
      } else if (kind === 'pg') {
        polygonCells.push(...codes)
        if (move !== undefined) polygonOffsets.push(...move)
      } else {
        pointCells.push(...codes)
        if (move !== undefined) offsets.points.push(...move)
      }
    }
    return {
      pointCells,
      ...(boxCells === undefined ? {} : { boxCells }),
      ...(moves === undefined ? {} : { offsets }),
      ...(polygonCells.length === 0 ? {} : { polygonCells }),
      ...(polygonOffsets.length === 0 ? {} : { polygonOffsets }),
    }
  })
}

/** One refinement of all: texts of several masks, one after the other, have a block each. */
function joinedRefinement(blocks: readonly FoundRefinement[]): FoundRefinement | undefined {
  if (blocks.length < 2) return blocks[0]
  return {
    start: blocks[0]!.start,
    end: blocks[blocks.length - 1]!.end,
    instances: blocks.flatMap((block) => block.instances),
  }
}

/** Offsets 0..9 of each geometry, in order; throws where the refinement does not mirror the answer. */
function pairedMoves(
  instances: Parameters<typeof pairGetokOffsets>[0],
  refinement: FoundRefinement,
  vocabulary: GetokVocabulary,
): number[][] {
  const paired = pairGetokOffsets(instances, refinement)
  if (!paired.ok) {
    throw new CodecError('malformed-words', `the refinement does not mirror the words: ${paired.reason}`, {
      at: paired.at,
      hint: 'one offset or delete word for every grid word, in the same containers',
    })
  }
  const first = vocabulary.gridSize ** 2
  return paired.geometries.map(({ moves }) => moves.map((code) => Math.min(code - first, DELETE)))
}
