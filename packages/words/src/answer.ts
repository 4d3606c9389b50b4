// One reading of a whole model answer: thought and answer, mask spans, and whichever wrappers are around them.

import type { TextRange } from './answer-part.ts'
import {
  type AnswerOptions,
  type AnswerParts,
  answerOnly,
  answerParts,
  thoughtsOnly,
} from './answer-parts.ts'
import { type GroundedCaption, OBJECT_REF_START, parseGroundedCaption } from './grounded-caption.ts'
import { type JsonAnswer, parseJsonAnswer, parseSceneGraph, type SceneGraph } from './json-answer.ts'
import {
  type LanguageSpan,
  parseInLanguage,
  parseMaskLanguages,
  type SpanVocabularies,
} from './mask-languages.ts'
import type { MachineOptions } from './mask-machine.ts'
import { parseReferences, type Reference } from './reference-box.ts'
import { saysNoTarget } from './think-answer.ts'
import { type SpanVocabulary, samtokVocabulary } from './vocabulary.ts'

export type AnswerReading = {
  readonly parts: AnswerParts
  /** The range that counts as the answer: without thoughts, tags, turn ends and padding. */
  readonly answer: TextRange
  /** Mask spans of the answer, by place in the whole text. Spans of the thought are in `thoughtSpans`. */
  readonly spans: readonly LanguageSpan[]
  readonly thoughtSpans: readonly LanguageSpan[]
  readonly noTarget: boolean
  readonly json?: JsonAnswer
  readonly scene?: SceneGraph
  readonly caption?: GroundedCaption
  readonly references: readonly Reference[]
}

/**
 * Reads a model answer of any of the known shapes: its words as those of one vocabulary, or each span as its spelling says. Places are in the whole text. Never throws on any text; linear time.
 * Words inside the thought are not part of the answer, nor those of a thought that was cut off.
 */
export function readAnswer(
  text: string,
  vocabulary: SpanVocabulary | SpanVocabularies = {},
  options: MachineOptions & AnswerOptions = {},
): AnswerReading {
  const known = 'kind' in vocabulary ? vocabulary : (vocabulary.samtok ?? samtokVocabulary())
  const spansOf = (said: string): LanguageSpan[] =>
    'kind' in vocabulary
      ? parseInLanguage(said, vocabulary, options)
      : parseMaskLanguages(said, vocabulary, options)
  const parts = answerParts(text, options)
  // Blanks in place of what is not the answer keep all places.
  const masked = answerOnly(text, parts)
  const spans = spansOf(masked)
  const json = parseJsonAnswer(masked, known, spans)
  const scene = parseSceneGraph(masked, known, spans)
  const caption = masked.includes(OBJECT_REF_START) ? parseGroundedCaption(masked, known, spans) : undefined
  return {
    parts,
    answer: parts.answer,
    spans,
    thoughtSpans: parts.thoughts.length === 0 ? [] : spansOf(thoughtsOnly(text, parts)),
    noTarget: saysNoTarget(text, parts),
    ...(json === undefined ? {} : { json }),
    ...(scene === undefined ? {} : { scene }),
    ...(caption === undefined ? {} : { caption }),
    references: parseReferences(masked),
  }
}
