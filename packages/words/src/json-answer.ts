// Fenced JSON answers (SAMTok training data and evaluation): lists of `mask_2d` and `label`, and scene graphs, which are
// lists of subject, predicate and object. Early training data wrote the words unquoted; both are read.

import {
  MAX_ANSWER_PARTS,
  type PlacedText,
  spansInside,
  spansOutside,
  type TextRange,
} from './answer-part.ts'
import { type LooseNode, looseField, readLooseJson } from './loose-json.ts'
import { formatMaskWords } from './mask-format.ts'
import { parseMaskWords } from './mask-parse.ts'
import type { MaskSpan } from './mask-span.ts'
import type { SpanVocabulary } from './vocabulary.ts'

export type JsonAnswerProblem =
  /** The object or the list around it is not closed. */
  | 'cut-off'
  /** `mask_2d` is missing or holds no usable mask. */
  | 'no-mask'
  /** `mask_2d` holds more than one usable mask. */
  | 'several-masks'
  /** `label` is missing. */
  | 'no-label'
  /** `predicate` is missing (triples only). */
  | 'no-predicate'

/** One object with a mask. */
export type JsonAnswerEntry = TextRange & {
  /** Spans inside `mask_2d`, rejected ones included. */
  readonly masks: readonly MaskSpan[]
  /** Whether the words stood in quotes. */
  readonly quoted: boolean
  readonly label?: PlacedText
  /** The value of `mask_2d` as written. */
  readonly said?: PlacedText
  readonly problems: readonly JsonAnswerProblem[]
}

export type JsonAnswer = TextRange & {
  /** `closed`: between fences; `open`: the closing fence is missing; `none`: JSON without a fence. */
  readonly fence: 'closed' | 'open' | 'none'
  readonly entries: readonly JsonAnswerEntry[]
  /** Mask spans of the text that belong to no entry. */
  readonly strayMasks: readonly MaskSpan[]
}

/** One relation of a scene graph. */
export type SceneTriple = TextRange & {
  readonly subject: JsonAnswerEntry
  readonly predicate?: PlacedText
  readonly object: JsonAnswerEntry
  readonly problems: readonly JsonAnswerProblem[]
}

export type SceneGraph = TextRange & {
  readonly fence: 'closed' | 'open' | 'none'
  readonly triples: readonly SceneTriple[]
  readonly strayMasks: readonly MaskSpan[]
}

const FENCE = '```'

/**
 * Reads a `mask_2d`/`label` list from model output: fenced or not, quoted or not, cut off anywhere. Gives undefined
 * where the text has no object with a `mask_2d`. Never throws on any text; linear time.
 */
export function parseJsonAnswer(
  text: string,
  vocabulary: SpanVocabulary,
  spans: readonly MaskSpan[] = parseMaskWords(text, vocabulary).spans,
): JsonAnswer | undefined {
  for (const block of jsonBlocks(text)) {
    const entries: JsonAnswerEntry[] = []
    for (const node of topObjects(block.root)) {
      if (looseField(node, 'mask_2d') !== undefined) entries.push(entryOf(node, spans))
    }
    if (entries.length === 0) continue
    const strayMasks = spansOutside(
      spans,
      entries.map((entry) => entry.masks),
    )
    return { start: block.start, end: block.end, fence: block.fence, entries, strayMasks }
  }
  return undefined
}

/** Reads a scene graph; undefined where the text has no object with a subject or an object. Never throws; linear time. */
export function parseSceneGraph(
  text: string,
  vocabulary: SpanVocabulary,
  spans: readonly MaskSpan[] = parseMaskWords(text, vocabulary).spans,
): SceneGraph | undefined {
  for (const block of jsonBlocks(text)) {
    const triples = triplesOf(block.root, spans)
    if (triples.length === 0) continue
    const strayMasks = spansOutside(
      spans,
      triples.flatMap((triple) => [triple.subject.masks, triple.object.masks]),
    )
    return { start: block.start, end: block.end, fence: block.fence, triples, strayMasks }
  }
  return undefined
}

function triplesOf(root: LooseNode, spans: readonly MaskSpan[]): SceneTriple[] {
  const triples: SceneTriple[] = []
  for (const node of topObjects(root)) {
    const subject = looseField(node, 'subject')
    const object = looseField(node, 'object')
    if (subject === undefined && object === undefined) continue
    const missing = {
      start: node.end,
      end: node.end,
      masks: [],
      quoted: false,
      problems: ['no-mask'],
    } as const
    const predicate = placedText(looseField(node, 'predicate'))
    const problems: JsonAnswerProblem[] = []
    if (!node.closed) problems.push('cut-off')
    if (predicate === undefined) problems.push('no-predicate')
    triples.push({
      start: node.start,
      end: node.end,
      subject: subject === undefined ? missing : entryOf(subject, spans),
      ...(predicate === undefined ? {} : { predicate }),
      object: object === undefined ? missing : entryOf(object, spans),
      problems,
    })
  }
  return triples
}

/** One entry to write: the codes of its mask and its label. */
export type LabelledMask = { readonly codes: ArrayLike<number>; readonly label: string }

/** The canonical answer: a `json` fence, one object a line, words in quotes. Throws WordsError on wrong codes. */
export function formatJsonAnswer(entries: readonly LabelledMask[], vocabulary: SpanVocabulary): string {
  return fenced(entries.map((entry) => formatEntry(entry, vocabulary)))
}

/** The canonical scene graph: a `json` fence, one triple a line. Throws WordsError on wrong codes. */
export function formatSceneGraph(
  triples: readonly { subject: LabelledMask; predicate: string; object: LabelledMask }[],
  vocabulary: SpanVocabulary,
): string {
  return fenced(
    triples.map(({ subject, predicate, object }) => {
      const from = formatEntry(subject, vocabulary)
      const to = formatEntry(object, vocabulary)
      return `{"subject": ${from}, "predicate": ${JSON.stringify(predicate)}, "object": ${to}}`
    }),
  )
}

function formatEntry({ codes, label }: LabelledMask, vocabulary: SpanVocabulary): string {
  return `{"mask_2d": "${formatMaskWords(codes, vocabulary)}", "label": ${JSON.stringify(label)}}`
}

function fenced(objects: string[]): string {
  return `${FENCE}json\n[${objects.join(',\n')}]\n${FENCE}`
}

type JsonBlock = TextRange & { fence: 'closed' | 'open' | 'none'; root: LooseNode }

/** The JSON blocks of the text: every fence that holds a bracket, then what follows the first brace outside fences. */
function* jsonBlocks(text: string): Generator<JsonBlock> {
  let fence = text.indexOf(FENCE)
  let fenced = false
  while (fence !== -1) {
    const inside = fence + FENCE.length
    const close = text.indexOf(FENCE, inside)
    const end = close === -1 ? text.length : close
    const bracket = firstBracket(text, inside, end)
    if (bracket !== -1) {
      fenced = true
      const after = close === -1 ? end : close + FENCE.length
      const kind = close === -1 ? 'open' : 'closed'
      yield { start: fence, end: after, fence: kind, root: readLooseJson(text, bracket, end) }
    }
    fence = close === -1 ? -1 : text.indexOf(FENCE, close + FENCE.length)
  }
  const brace = text.indexOf('{')
  if (fenced || brace === -1) return
  let start = brace
  let before = brace - 1
  while (before >= 0 && ' \n\r\t'.includes(text[before]!)) before--
  if (text[before] === '[') start = before
  // Objects may follow each other without a list around them.
  const root: LooseNode =
    text[start] === '['
      ? readLooseJson(text, start, text.length)
      : { kind: 'array', start, end: text.length, closed: true, items: looseObjects(text, start) }
  yield { start, end: root.end, fence: 'none', root }
}

function looseObjects(text: string, start: number): LooseNode[] {
  const items: LooseNode[] = []
  for (let at = start; at !== -1 && items.length < MAX_ANSWER_PARTS; ) {
    const node = readLooseJson(text, at, text.length)
    items.push(node)
    at = text.indexOf('{', Math.max(node.end, at + 1))
  }
  return items
}

function firstBracket(text: string, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at)
    if (unit === 91 || unit === 123) return at
  }
  return -1
}

function topObjects(root: LooseNode): LooseNode[] {
  if (root.kind === 'object') return [root]
  return root.kind === 'array' ? root.items.filter((item) => item.kind === 'object') : []
}

function entryOf(node: LooseNode, spans: readonly MaskSpan[]): JsonAnswerEntry {
  const field = looseField(node, 'mask_2d')
  const masks = field === undefined ? [] : spansInside(spans, field)
  const label = placedText(looseField(node, 'label'))
  const said = placedText(field)
  const problems: JsonAnswerProblem[] = []
  if (!node.closed) problems.push('cut-off')
  const usable = masks.filter((mask) => mask.status !== 'rejected').length
  if (usable !== 1) problems.push(usable === 0 ? 'no-mask' : 'several-masks')
  if (label === undefined) problems.push('no-label')
  return {
    start: node.start,
    end: node.end,
    masks,
    quoted: field?.kind === 'string',
    ...(label === undefined ? {} : { label }),
    ...(said === undefined ? {} : { said }),
    problems,
  }
}

function placedText(node: LooseNode | undefined): PlacedText | undefined {
  if (node === undefined || node.kind === 'object' || node.kind === 'array') return undefined
  return { start: node.start, end: node.end, text: node.text }
}
