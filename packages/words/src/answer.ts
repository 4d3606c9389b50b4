// One reading of a whole model answer: thought and answer, mask spans, and whichever wrappers are around them.

import type { TextRange } from './answer-part.ts'
import { skipSpace } from './characters.ts'
import { type GroundedCaption, OBJECT_REF_START, parseGroundedCaption } from './grounded-caption.ts'
import { type JsonAnswer, parseJsonAnswer, parseSceneGraph, type SceneGraph } from './json-answer.ts'
import type { MachineOptions } from './mask-machine.ts'
import { parseMaskWords } from './mask-parse.ts'
import type { MaskSpan } from './mask-span.ts'
import { parseReferences, type Reference } from './reference-box.ts'
import { parseThinkAnswer, saysNoTarget, type ThinkAnswer } from './think-answer.ts'
import type { SpanVocabulary } from './vocabulary.ts'

export type AnswerReading = {
  readonly parts: ThinkAnswer
  /** The range that counts as the answer: the answer block, else the whole text. */
  readonly answer: TextRange
  /** Mask spans of the answer, by place in the whole text. Spans of the thought are in `thoughtSpans`. */
  readonly spans: readonly MaskSpan[]
  readonly thoughtSpans: readonly MaskSpan[]
  readonly noTarget: boolean
  readonly json?: JsonAnswer
  readonly scene?: SceneGraph
  readonly caption?: GroundedCaption
  readonly references: readonly Reference[]
}

/**
 * Reads a model answer of any of the known shapes. Places are in the whole text. Never throws on any text; linear time.
 * Words inside the thought are not part of the answer, nor those of a thought that was cut off.
 */
export function readAnswer(
  text: string,
  vocabulary: SpanVocabulary,
  options: MachineOptions = {},
): AnswerReading {
  const parts = partsOf(text)
  const answer = parts.answer ?? { start: 0, end: text.length }
  // Blanks in place of what is not the answer keep all places.
  const masked = blanked(text, answer)
  const { spans } = parseMaskWords(masked, vocabulary, options)
  const thought = parts.think === undefined ? undefined : blanked(text, parts.think)
  const json = parseJsonAnswer(masked, vocabulary, spans)
  const scene = parseSceneGraph(masked, vocabulary, spans)
  const caption = masked.includes(OBJECT_REF_START)
    ? parseGroundedCaption(masked, vocabulary, spans)
    : undefined
  return {
    parts,
    answer,
    spans,
    thoughtSpans: thought === undefined ? [] : parseMaskWords(thought, vocabulary, options).spans,
    noTarget: saysNoTarget(text),
    ...(json === undefined ? {} : { json }),
    ...(scene === undefined ? {} : { scene }),
    ...(caption === undefined ? {} : { caption }),
    references: parseReferences(masked),
  }
}

/** As the cold-start evaluation cuts, but a thought that was cut off is a thought, not an answer. */
function partsOf(text: string): ThinkAnswer {
  const parts = parseThinkAnswer(text)
  const start = skipSpace(text, 0)
  if (parts.found !== 'none' || !text.startsWith('<think>', start)) return parts
  const { length } = text
  return {
    think: { start: start + '<think>'.length, end: length },
    answer: { start: length, end: length },
    found: 'none',
  }
}

function blanked(text: string, { start, end }: TextRange): string {
  if (start === 0 && end === text.length) return text
  return ' '.repeat(start) + text.slice(start, end) + ' '.repeat(text.length - end)
}
