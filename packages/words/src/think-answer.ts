// Thinking outputs: `<think>...</think><answer>...</answer>`, the rules of the SAMTok cold-start evaluation for broken
// ones, and the answers that name no mask.

import type { TextRange } from './answer-part.ts'
import { type AnswerParts, answerParts } from './answer-parts.ts'
import { isSpace } from './characters.ts'
import { type OfficialMask, parseOfficial } from './mask-official.ts'
import type { SpanVocabulary } from './vocabulary.ts'

/** What Qwen3 training data writes before every answer when there is no thought. */
export const EMPTY_THINK = '<think>\n\n</think>\n\n'
/** The answer when nothing matches (referring segmentation), and the one that grounding prompts ask for. */
export const NO_TARGET = 'No target.'
export const NULL_ANSWER = 'null'

/** Masks above which the cold-start evaluation keeps only the first one. */
export const COLD_START_MAX_MASKS = 10

export type ThinkAnswer = {
  readonly think?: TextRange
  readonly answer?: TextRange
  /** `tags`: both blocks are whole. `answer-tag`: cut at `<answer>`. `think-tag`: cut at `</think>`. `none`: no tags. */
  readonly found: 'tags' | 'answer-tag' | 'think-tag' | 'none'
}

/**
 * Splits thinking output as the cold-start evaluation does: the first whole think block and the first whole answer
 * block; where either is missing, the text before and after the first `<answer>`, else before and after the first
 * `</think>`. Ranges are of the contents, without tags. Never throws; linear time.
 */
export function parseThinkAnswer(text: string): ThinkAnswer {
  const think = block(text, '<think>', '</think>')
  const answer = block(text, '<answer>', '</answer>')
  if (think !== undefined && answer !== undefined) return { think, answer, found: 'tags' }
  const cutAt = (tag: string, found: 'answer-tag' | 'think-tag'): ThinkAnswer | undefined => {
    const at = text.indexOf(tag)
    if (at === -1) return undefined
    return { think: { start: 0, end: at }, answer: { start: at + tag.length, end: text.length }, found }
  }
  return cutAt('<answer>', 'answer-tag') ?? cutAt('</think>', 'think-tag') ?? { found: 'none' }
}

/**
 * The masks that the cold-start evaluation decodes: of the answer where one is found, else of the whole text; only the
 * first where there are more than ten. Places are in `text`. Throws WordsError as `parseOfficial` does.
 */
export function parseColdStart(text: string, vocabulary: SpanVocabulary): OfficialMask[] {
  const { answer = { start: 0, end: text.length } } = parseThinkAnswer(text)
  const { masks } = parseOfficial(text.slice(answer.start, answer.end), vocabulary)
  const kept = masks.length > COLD_START_MAX_MASKS ? masks.slice(0, 1) : masks
  return kept.map((mask) => ({ ...mask, start: mask.start + answer.start, end: mask.end + answer.start }))
}

/** `<think>thought</think><answer>answer</answer>`; the published data has no blank between the blocks. */
export function formatThinkAnswer(parts: { think: string; answer: string }): string {
  return `<think>${parts.think}</think><answer>${parts.answer}</answer>`
}

/** The text without a think block that holds only blanks at its beginning, as the newer evaluation strips it. */
export function withoutEmptyThink(text: string): string {
  if (!text.startsWith('<think>')) return text
  let at = '<think>'.length
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  if (!text.startsWith('</think>', at)) return text
  at += '</think>'.length
  while (at < text.length && isSpace(text.charCodeAt(at))) at++
  return text.slice(at)
}

/** What answers and truths write where nothing is there, in lower case and without the full stop. */
const NOTHING = new Set([
  'no target',
  'no targets',
  'no object',
  'no objects',
  'nothing',
  'none',
  'null',
  '[]',
  '{}',
  '[[]]',
])

/**
 * Whether the answer says that there is nothing: `No target.`, `null`, `none`, an empty list and the like, alone but for
 * blanks, quotes, a code fence, and what `answerParts` takes off; the full stop and the case of letters do not matter.
 */
export function saysNoTarget(text: string, parts: AnswerParts = answerParts(text)): boolean {
  const { start, end } = parts.answer
  if (parts.answers.length !== 1 || end - start > 64) return false
  const said = text
    .slice(start, end)
    .toLowerCase()
    .replace(/^<box>|<\/box>$/g, '')
    .replace(/^```[a-z]{0,8}\s+|\s+```$/g, '')
    .trim()
    .replace(/^["'`\u201c\u2018]+|["'`\u201d\u2019]+$/g, '')
    .replace(/\.$/, '')
    .replace(/\[\s+\]/, '[]')
  return NOTHING.has(said)
}

function block(text: string, open: string, close: string): TextRange | undefined {
  const at = text.indexOf(open)
  if (at === -1) return undefined
  const start = at + open.length
  const end = text.indexOf(close, start)
  return end === -1 ? undefined : { start, end }
}
