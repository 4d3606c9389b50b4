// A conversation of a task with its masks written in words: what writers take. Definition: ours.

import type { DataRecord } from '@maskwords/datasets'
import { DataError } from '@maskwords/datasets'
import { EMPTY_THINK } from '@maskwords/words'
import type {
  FilledConversation,
  FilledPicture,
  Piece,
  RegionForm,
  TaskConversation,
  Turn,
} from '../conversation.ts'

/** Where a picture stands in the text of a turn. */
export const PICTURE_PLACE = '<image>'

/** A mask in the truth as COCO RLE. */
export type TruthRle = NonNullable<NonNullable<FilledConversation['truth']>['masks']>[number]

/** What fills the pieces of a conversation: the record, words of regions, pictures. */
export type FillOptions = {
  readonly record: DataRecord
  /** Text of the union of these regions, in this form, in the conversation's picture of this number. */
  readonly wordsOf: (regions: readonly string[], form: RegionForm, picture: number) => string
  /** The conversation's pictures, one for each of `conversation.pictures`. */
  readonly pictures: readonly FilledPicture[]
  /** COCO RLE of the union of regions: given, the truth holds its masks, each set of regions once. */
  readonly rleOf?: (regions: readonly string[]) => TruthRle
  /** Puts Qwen3's empty thought before every answer that has no thought of its own. */
  readonly emptyThink?: boolean
}

/**
 * Fills every piece of a conversation. Throws DataError 'bad-file', naming the conversation, where `<image>` and pictures
 * do not match: another number, another order, or a picture in the truth.
 */
export function fillConversation(conversation: TaskConversation, options: FillOptions): FilledConversation {
  const { record, wordsOf, pictures, rleOf, emptyThink = false } = options
  const { id, task, truth } = conversation
  const shown: number[] = []
  const text = (pieces: readonly Piece[]) => {
    let filled = ''
    for (const piece of pieces) {
      if (typeof piece === 'string') filled += piece
      else if ('picture' in piece && !('regions' in piece)) {
        shown.push(piece.picture)
        filled += PICTURE_PLACE
      } else if ('regions' in piece) filled += wordsOf(piece.regions, piece.form, piece.picture ?? 0)
    }
    return filled
  }
  const turns = conversation.turns.map(({ role, pieces }) => ({
    role,
    text: withThought(role, text(pieces), emptyThink),
  }))
  const inOrder = shown.every((picture, at) => picture === at)
  if (pictures.length !== conversation.pictures.length || shown.length !== pictures.length || !inOrder) {
    throw new DataError(
      'bad-file',
      `Conversation ${id} shows the pictures [${shown.join(', ')}]; it has ${conversation.pictures.length} and was given ${pictures.length}.`,
      { at: id, hint: 'Every picture is shown once, in order, as a { picture } piece.' },
    )
  }
  const filled: FilledConversation = {
    id,
    task,
    dataset: record.dataset,
    pictures,
    turns,
    ...(truth === undefined ? {} : { truth: filledTruth(truth, text, rleOf) }),
  }
  checkPictures(filled)
  return filled
}

/** Throws DataError 'bad-file' unless the turns have one `<image>` for each picture. */
export function checkPictures(conversation: FilledConversation): void {
  const places = conversation.turns.reduce((sum, turn) => sum + turn.text.split(PICTURE_PLACE).length - 1, 0)
  const { id, pictures } = conversation
  if (places === pictures.length) return
  throw new DataError(
    'bad-file',
    `Conversation ${id} has ${places} ${PICTURE_PLACE} but ${pictures.length} pictures.`,
    {
      at: id,
      hint: `Trainers need one ${PICTURE_PLACE} for each picture; text of datasets is cleaned of it by the tasks.`,
    },
  )
}

function filledTruth(
  truth: NonNullable<TaskConversation['truth']>,
  text: (pieces: readonly Piece[]) => string,
  rleOf: FillOptions['rleOf'],
): NonNullable<FilledConversation['truth']> {
  const { kind, pieces, previous, extra } = truth
  const sets = new Map<string, readonly string[]>()
  for (const piece of pieces) {
    if (typeof piece === 'string' || !('regions' in piece)) continue
    sets.set(JSON.stringify(piece.regions), piece.regions)
  }
  return {
    kind,
    text: text(pieces),
    ...(previous === undefined ? {} : { previous: text(previous) }),
    ...(rleOf === undefined ? {} : { masks: [...sets.values()].map((regions) => rleOf(regions)) }),
    ...(extra === undefined ? {} : { extra }),
  }
}

function withThought(role: Turn['role'], text: string, emptyThink: boolean): string {
  return emptyThink && role === 'assistant' && !text.startsWith('<think>') ? EMPTY_THINK + text : text
}
