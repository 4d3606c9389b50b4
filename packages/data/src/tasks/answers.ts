// The ways to answer with masks: SAMTok's fenced list, GETok's lines, HiMTok's sentence, bare words; thoughts before them.
// Shapes: SAMTok training data, GETok's answer figures, HiMTok's supplement. Wording: ours.
import { formatGetokInstance, formatJsonAnswer, formatThinkAnswer, getokVocabulary } from '@maskwords/words'
import type { Piece, RegionPiece, TaskOptions } from '../conversation.ts'
import { cleanLabel } from './clean-text.ts'
import { fillTemplate, joinPieces, pieces, setting, writtenWith } from './compose.ts'
import { pick } from './seeded.ts'

export type AnswerStyle = 'json' | 'lines' | 'sentence' | 'bare'

export const ANSWER_STYLES: readonly AnswerStyle[] = ['json', 'lines', 'sentence', 'bare']

/** The setting that every task with masks in its answer has. */
export const ANSWER_SETTING = {
  default: 'auto',
  help: 'json (fenced list of mask_2d and label), lines (label: words), sentence, bare, or auto: the published style of the codec',
} as const

/** A mask to answer with, and what it is called; '' where it has no name. */
export type AnswerEntry = { readonly mask: RegionPiece; readonly label: string }

const SENTENCES_ONE = [
  'It is {masks}.',
  'Here it is: {masks}.',
  'Sure, {masks}.',
  'That is {masks}.',
  'Found it: {masks}.',
  'The mask is {masks}.',
]

const SENTENCES_MANY = [
  'They are {masks}.',
  'Here they are: {masks}.',
  'Sure, {masks}.',
  'These are {masks}.',
  'Found them: {masks}.',
  'The masks are {masks}.',
]

/**
 * What the settings ask for; a name that is none of the styles counts as auto. `samtok` is SAMTok's published style for the
 * request: the list for phrases, a sentence for questions.
 */
export function answerStyle(options: TaskOptions, samtok: 'json' | 'sentence' = 'json'): AnswerStyle {
  const asked = setting(options, 'answer', ANSWER_SETTING.default)
  const known = ANSWER_STYLES.find((style) => style === asked)
  if (known !== undefined) return known
  return options.language === 'getok' ? 'lines' : options.language === 'himtok' ? 'sentence' : samtok
}

/** An answer with at least one mask. */
export function masksAnswer(
  style: AnswerStyle,
  entries: readonly AnswerEntry[],
  random: () => number,
): Piece[] {
  const masks = entries.map((entry) => entry.mask)
  switch (style) {
    case 'json':
      return writtenWith(masks, (words) =>
        formatJsonAnswer(
          entries.map(({ label }, k) => ({ codes: [k], label: label || UNNAMED })),
          words,
        ),
      )
    case 'lines':
      return joinPieces(
        entries.map(({ mask, label }) => [lineHead(label), mask]),
        '\n',
      )
    case 'sentence':
      return fillTemplate(pick(random, masks.length === 1 ? SENTENCES_ONE : SENTENCES_MANY), {
        masks: joinPieces(masks, ', '),
      })
    case 'bare':
      return joinPieces(masks, ', ')
  }
}

/** What a region without a name is called where a label has to stand. */
export const UNNAMED = 'object'

const GRID = getokVocabulary()

/** The beginning of a GETok line: `label: `, or nothing where there is no label. */
export function lineHead(label: string): string {
  if (label.trim() === '') return ''
  return formatGetokInstance({ label: cleanLabel(label), geometries: [] }, GRID)
}

/** A thought and an answer in their tags. */
export function thinkingAnswer(think: string, answer: readonly Piece[]): Piece[] {
  // The line separator cannot be in clean text.
  const [before, after] = formatThinkAnswer({ think, answer: '\u2028' }).split('\u2028')
  return pieces(before!, answer, after!)
}
