// One reading of a whole model answer: thought and answer, mask spans, and whichever wrappers are around them.

import type { TextRange } from './answer-part.ts'
import { type AnswerParts, answerOnly, answerParts, thoughtsOnly } from './answer-parts.ts'
import { type GroundedCaption, OBJECT_REF_START, parseGroundedCaption } from './grounded-caption.ts'
import { type JsonAnswer, parseJsonAnswer, parseSceneGraph, type SceneGraph } from './json-answer.ts'
import type { MachineOptions } from './mask-machine.ts'
import { parseMaskWords } from './mask-parse.ts'
import type { MaskSpan } from './mask-span.ts'
import { parseReferences, type Reference } from './reference-box.ts'
import { saysNoTarget } from './think-answer.ts'
import type { SpanVocabulary } from './vocabulary.ts'

export type AnswerReading = {
  readonly parts: AnswerParts
  /** The range that counts as the answer: without thoughts, tags, turn ends and padding. */
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
  const parts = answerParts(text)
  // Blanks in place of what is not the answer keep all places.
  const masked = answerOnly(text, parts)
  const { spans } = parseMaskWords(masked, vocabulary, options)
  const json = parseJsonAnswer(masked, vocabulary, spans)
  const scene = parseSceneGraph(masked, vocabulary, spans)
  const caption = masked.includes(OBJECT_REF_START)
    ? parseGroundedCaption(masked, vocabulary, spans)
    : undefined
  return {
    parts,
    answer: parts.answer,
    spans,
    thoughtSpans:
      parts.thoughts.length === 0 ? [] : parseMaskWords(thoughtsOnly(text, parts), vocabulary, options).spans,
    noTarget: saysNoTarget(text, parts),
    ...(json === undefined ? {} : { json }),
    ...(scene === undefined ? {} : { scene }),
    ...(caption === undefined ? {} : { caption }),
    references: parseReferences(masked),
  }
}
