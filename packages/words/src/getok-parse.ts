// GETok text to geometry, tolerant of every published spelling (arXiv 2512.10554), with the place of each problem.
//
// answer = lines; a line is one instance: an optional `label:` and containers of grid words; bare words are points; a second
// box on a line begins another instance. Words
// of thoughts (as `answerParts` finds them) are not answers, and are skipped. Inside <offset> a line may hold one container of the
// instance only, so a line without label or box continues the instance of the line before.

import { type AnswerOptions, type AnswerParts, answerParts } from './answer-parts.ts'
import { isSpace, trimRange } from './characters.ts'
import { GETOK_WORD_COUNT, type GetokGeometryKind } from './getok-format.ts'
import {
  type GetokPiece,
  type GetokSymbol,
  type GetokTag,
  getokCode,
  meantGetokPieces,
  readGetokPiece,
} from './getok-word.ts'
import type { GetokVocabulary } from './vocabulary.ts'

export type GetokProblemKind =
  /** A published spelling other than the canonical one: read. */
  | 'alias'
  /** A container or section without its closing tag: closed where the next one or the text ends. */
  | 'unclosed'
  /** A closing tag that closes nothing, or another container than the open one. */
  | 'stray-close'
  /** The container has too few or too many words: rejected. */
  | 'count'
  /** The same cell twice in a set: the second is dropped. */
  | 'duplicate'
  /** A cell outside the grid or an offset outside -1..1: dropped; the geometry is rejected. */
  | 'out-of-range'
  /** An offset or delete word outside <offset>, or a grid word inside: dropped; the geometry is rejected. */
  | 'misplaced'
  /** The first corner of a box is not its top left: sorted. */
  | 'corner-order'
  /** Text between the words of a container: skipped. */
  | 'text-inside'
  /** A word or tag in a spelling that is not read (`<grid_12>`, `grid_1_2`, `[OFF_1]`, `<Box>`): lost; the geometry is rejected. */
  | 'misspelt'

export type GetokProblem = { readonly kind: GetokProblemKind; readonly start: number; readonly end: number }

/** A geometry found at [start, end), its tags included. */
export type FoundGeometry = {
  readonly kind: GetokGeometryKind
  /** Word indices of the vocabulary; see `getokSymbol`. */
  readonly codes: number[]
  /** Place of each code, start and end, flattened. A sorted box has its places sorted with it. */
  readonly places: number[]
  start: number
  end: number
  status: 'complete' | 'repaired' | 'rejected'
}

export type FoundInstance = {
  label?: string
  geometries: FoundGeometry[]
  start: number
  end: number
}

/** Instances of one <offset> block; their codes are offsets and deletes. */
export type FoundRefinement = { start: number; end: number; instances: FoundInstance[] }

export type GetokParse = {
  /** Content of the first <think> and <answer>, without the tags. */
  think?: { start: number; end: number }
  answer?: { start: number; end: number }
  instances: FoundInstance[]
  refinements: FoundRefinement[]
  /** Sorted by place. */
  problems: GetokProblem[]
  /** Geometries and problems beyond the limits, counted but not kept. */
  omitted: number
}

/** Geometries and problems kept of one text. A published answer has fewer than a hundred. */
export const MAX_GETOK_GEOMETRIES = 100_000

/**
 * Finds GETok geometry in arbitrary model output, complete or cut off. Never throws on any text; time is linear in its
 * length. Where the text has an <answer>, the caller may compare places with `answer`: words outside are found as well.
 */
export function parseGetok(
  text: string,
  vocabulary: GetokVocabulary,
  options: AnswerOptions = {},
): GetokParse {
  const parts = answerParts(text, options)
  const { thoughts, turn } = parts
  const reader = new GetokReader(text, vocabulary, parts)
  let thought = 0
  const meant = meantGetokPieces(text)
  let next = meant.next()
  /** Words that were meant and not read, up to `until`. */
  const tellMisspelt = (from: number, until: number) => {
    for (; !next.done && next.value.start < until; next = meant.next()) {
      if (next.value.start >= from) reader.misspelt(next.value.start, next.value.end)
    }
  }
  let read = turn.start
  for (let at = turn.start; at < turn.end; at++) {
    while (thought < thoughts.length && thoughts[thought]!.start < at) thought++
    if (thoughts[thought]?.start === at) {
      tellMisspelt(read, at)
      read = at = thoughts[thought++]!.end
      at--
      continue
    }
    const unit = text.charCodeAt(at)
    if (unit === 10) reader.newLine(at)
    else if (unit === 60 || unit === 91) {
      const piece = readGetokPiece(text, at)
      if (piece === undefined) continue
      tellMisspelt(read, at)
      reader.take(piece)
      read = piece.end
      at = piece.end - 1
    }
  }
  tellMisspelt(read, turn.end)
  return reader.finish()
}

class GetokReader {
  private readonly parse: GetokParse = { instances: [], refinements: [], problems: [], omitted: 0 }
  private readonly text: string
  private readonly vocabulary: GetokVocabulary
  private kept = 0
  private open: FoundGeometry | undefined
  private openBad = false
  private readonly seen = new Set<number>()
  private refinement: FoundRefinement | undefined
  private instance: FoundInstance | undefined
  private readonly parts: AnswerParts
  private readonly thoughtEdges: ReadonlySet<number>
  /** End of the last piece and start of the current line: the text between is filling. */
  private after = 0
  private lineStart = 0
  /** End of the last geometry kept: a label begins after it. */
  private labelFrom = 0

  constructor(text: string, vocabulary: GetokVocabulary, parts: AnswerParts) {
    this.text = text
    this.vocabulary = vocabulary
    this.parts = parts
    const { thoughts, thoughtBy } = parts
    this.thoughtEdges = new Set(thoughts.flatMap(({ start, end }) => [start, end]))
    this.after = this.lineStart = parts.turn.start
    if (thoughtBy === 'none') return
    this.parse.think = { ...thoughts[0]! }
    const last = thoughts.at(-1)!
    if (parts.cutOff || text.startsWith('<answer>', last.end)) this.problem('unclosed', last.start, last.end)
  }

  newLine(at: number): void {
    if (this.open !== undefined) return
    this.lineStart = at + 1
    if (this.refinement === undefined) this.instance = undefined
  }

  take(piece: GetokPiece): void {
    const { start, end } = piece
    if (piece.kind === 'symbol') {
      this.symbol(piece.symbol, start, end, piece.alias)
    } else if (piece.tag === 'think' || piece.tag === 'answer' || piece.tag === 'offset') {
      this.section(piece.tag, piece.kind === 'open', start, end)
    } else {
      if (piece.alias) this.problem('alias', start, end)
      if (piece.kind === 'open') this.openContainer(piece.tag, start, end)
      else this.closeContainer(piece.tag, start, end, piece.alias)
    }
    this.after = end
  }

  misspelt(start: number, end: number): void {
    this.problem('misspelt', start, end)
    if (this.open !== undefined) this.openBad = true
  }

  finish(): GetokParse {
    const { end } = this.parts.turn
    this.endContainer()
    const { parse } = this
    if (parse.answer !== undefined && parse.answer.end === -1) {
      parse.answer.end = end
      this.problem('unclosed', parse.answer.start, end)
    }
    this.endRefinement(end)
    parse.problems.sort((a, b) => a.start - b.start || a.end - b.end)
    return parse
  }

  private section(tag: 'think' | 'answer' | 'offset', opens: boolean, start: number, end: number): void {
    const { parse } = this
    if (tag === 'think') {
      this.endContainer()
      // A tag that no thought begins or ends with is talked about.
      if (!this.thoughtEdges.has(opens ? end : start)) {
        this.problem(opens ? 'unclosed' : 'stray-close', start, end)
      }
    } else if (tag === 'answer') {
      this.endContainer()
      if (opens && parse.answer === undefined) parse.answer = { start: end, end: -1 }
      else if (!opens && parse.answer?.end === -1) parse.answer.end = start
      else this.problem(opens ? 'unclosed' : 'stray-close', start, end)
    } else {
      this.endContainer()
      if (opens) {
        this.endRefinement(start)
        this.refinement = { start, end, instances: [] }
        parse.refinements.push(this.refinement)
      } else if (this.refinement === undefined) this.problem('stray-close', start, end)
      else {
        this.refinement.end = end
        this.refinement = undefined
      }
    }
    this.instance = undefined
    this.lineStart = end
  }

  private endRefinement(at: number): void {
    if (this.refinement === undefined) return
    this.refinement.end = at
    this.problem('unclosed', this.refinement.start, at)
    this.refinement = undefined
  }

  private openContainer(
    tag: Exclude<GetokTag, 'think' | 'answer' | 'offset'>,
    start: number,
    end: number,
  ): void {
    this.endContainer()
    this.open = { kind: tag, codes: [], places: [], start, end, status: 'complete' }
    this.openBad = false
    this.seen.clear()
  }

  private closeContainer(tag: GetokTag, start: number, end: number, alias: boolean): void {
    const { open } = this
    if (open === undefined) {
      this.problem('stray-close', start, end)
      return
    }
    this.filling(open, start)
    if (tag !== open.kind) this.blemish(open, 'stray-close', start, end)
    if (alias) open.status = 'repaired'
    open.end = end
    this.keepContainer(open)
  }

  private endContainer(): void {
    const { open } = this
    if (open === undefined) return
    const last = open.places[open.places.length - 1]
    if (last !== undefined) open.end = last
    this.blemish(open, 'unclosed', open.start, open.end)
    this.keepContainer(open)
  }

  private keepContainer(open: FoundGeometry): void {
    this.open = undefined
    const { least, most } = GETOK_WORD_COUNT[open.kind]
    const wrongCount = open.codes.length < least || open.codes.length > most
    if (wrongCount) this.problem('count', open.start, open.end)
    if (wrongCount || this.openBad) open.status = 'rejected'
    else if (open.kind === 'box' && this.refinement === undefined) this.sortCorners(open)
    this.keep(open)
  }

  private sortCorners(box: FoundGeometry): void {
    const n = this.vocabulary.gridSize
    const [a, b] = box.codes as [number, number]
    const left = Math.min(a % n, b % n)
    const right = Math.max(a % n, b % n)
    const topLeft = Math.floor(Math.min(a, b) / n) * n + left
    const bottomRight = Math.floor(Math.max(a, b) / n) * n + right
    if (topLeft === a) return
    this.blemish(box, 'corner-order', box.places[0]!, box.places[3]!)
    box.codes[0] = topLeft
    box.codes[1] = bottomRight
    if (a > b) box.places.push(...box.places.splice(0, 2))
  }

  private symbol(symbol: GetokSymbol, start: number, end: number, alias: boolean): void {
    const { open } = this
    if (open !== undefined) this.filling(open, start)
    if (alias) this.problem('alias', start, end)
    const fault = this.faultOf(symbol)
    if (fault !== undefined) {
      this.problem(fault, start, end)
      if (open !== undefined) this.openBad = true
      return
    }
    const code = getokCode(symbol, this.vocabulary)
    if (open === undefined) {
      const status = alias ? 'repaired' : 'complete'
      this.keep({ kind: 'point', codes: [code], places: [start, end], start, end, status })
      return
    }
    if (alias) open.status = 'repaired'
    if (open.kind === 'seg' && symbol.kind === 'grid') {
      if (this.seen.has(code)) {
        this.blemish(open, 'duplicate', start, end)
        return
      }
      this.seen.add(code)
    }
    open.codes.push(code)
    open.places.push(start, end)
  }

  private faultOf(symbol: GetokSymbol): GetokProblemKind | undefined {
    if ((symbol.kind === 'grid') === (this.refinement !== undefined)) return 'misplaced'
    const n = this.vocabulary.gridSize
    if (symbol.kind === 'grid') return symbol.i < n && symbol.j < n ? undefined : 'out-of-range'
    if (symbol.kind === 'offset') {
      return Math.abs(symbol.u) <= 1 && Math.abs(symbol.v) <= 1 ? undefined : 'out-of-range'
    }
    return undefined
  }

  /** Text between two words of a container: blanks and separators are nothing, the rest is a problem. */
  private filling(open: FoundGeometry, until: number): void {
    for (let k = this.after; k < until; k++) {
      const unit = this.text.charCodeAt(k)
      if (isSpace(unit) || unit === 44 || unit === 59) continue
      this.blemish(open, 'text-inside', this.after, until)
      return
    }
  }

  private blemish(geometry: FoundGeometry, kind: GetokProblemKind, start: number, end: number): void {
    if (geometry.status === 'complete') geometry.status = 'repaired'
    this.problem(kind, start, end)
  }

  private problem(kind: GetokProblemKind, start: number, end: number): void {
    if (this.parse.problems.length < MAX_GETOK_GEOMETRIES) this.parse.problems.push({ kind, start, end })
    else this.parse.omitted++
  }

  private keep(geometry: FoundGeometry): void {
    if (this.kept === MAX_GETOK_GEOMETRIES) {
      this.parse.omitted++
      return
    }
    this.kept++
    const label = this.labelBefore(geometry.start)
    const { instance } = this
    const startsNew =
      instance === undefined ||
      label !== undefined ||
      // An object has one box: a second one on its line is another object.
      (this.refinement === undefined &&
        geometry.kind === 'box' &&
        instance.geometries.some(({ kind }) => kind === 'box')) ||
      (this.refinement !== undefined && geometry.kind === 'box' && this.lineStart > instance.start)
    if (startsNew) {
      const fresh: FoundInstance = {
        geometries: [],
        start: label?.start ?? geometry.start,
        end: geometry.end,
      }
      if (label !== undefined) fresh.label = this.text.slice(label.start, label.end)
      this.instance = fresh
      const list = this.refinement?.instances ?? this.parse.instances
      list.push(fresh)
    }
    this.instance!.geometries.push(geometry)
    this.instance!.end = geometry.end
    this.labelFrom = geometry.end
  }

  /** A label is the text from the line's start (or the geometry before) to a colon right before the geometry. */
  private labelBefore(at: number): { start: number; end: number } | undefined {
    let { start, end } = trimRange(this.text, Math.max(this.lineStart, this.labelFrom), at)
    if (end === start || this.text.charCodeAt(end - 1) !== 58) return undefined
    ;({ start, end } = trimRange(this.text, start, end - 1))
    while (start < end && /[,;.]/.test(this.text[start]!)) start++
    ;({ start, end } = trimRange(this.text, start, end))
    return end > start && end - start <= 1000 ? { start, end } : undefined
  }
}

/** One offset or delete word per grid word of an answer, in order. */
export type PairedOffsets =
  | {
      readonly ok: true
      readonly geometries: { kind: GetokGeometryKind; cells: readonly number[]; moves: readonly number[] }[]
    }
  | { readonly ok: false; readonly reason: string; readonly at: number }

/**
 * Pairs the geometries of an answer with those of a refinement: same containers, same order, one offset or delete word
 * for every grid word. Anything else is a format failure with its reason and place (character of the refinement's text).
 */
export function pairGetokOffsets(
  answer:
    | readonly FoundInstance[]
    | readonly { geometries: readonly { kind: GetokGeometryKind; codes: readonly number[] }[] }[],
  refinement: FoundRefinement,
): PairedOffsets {
  const cells = answer.flatMap((instance) => [...instance.geometries])
  const moves = refinement.instances.flatMap((instance) => instance.geometries)
  const geometries: { kind: GetokGeometryKind; cells: readonly number[]; moves: readonly number[] }[] = []
  for (let k = 0; k < Math.max(cells.length, moves.length); k++) {
    const cell = cells[k]
    const move = moves[k]
    const at = move?.start ?? refinement.end
    if (cell === undefined) return { ok: false, reason: `geometry ${k} answers nothing`, at }
    if (move === undefined) return { ok: false, reason: `no offsets for geometry ${k} (<${cell.kind}>)`, at }
    if (move.status === 'rejected') return { ok: false, reason: `geometry ${k} is malformed`, at }
    if (cell.kind !== move.kind) {
      return { ok: false, reason: `geometry ${k} is <${move.kind}>, expected <${cell.kind}>`, at }
    }
    if (cell.codes.length !== move.codes.length) {
      const reason = `geometry ${k} has ${move.codes.length} offsets for ${cell.codes.length} grid words`
      return { ok: false, reason, at }
    }
    geometries.push({ kind: cell.kind, cells: cell.codes, moves: move.codes })
  }
  return { ok: true, geometries }
}
