// What else the records of a run are good for, where a task makes nothing of them: every other task is tried on the first ones. Definition: ours.
import type { DataRecord } from '@maskwords/datasets'
import type { TaskConversation, TaskOptions } from '../conversation.ts'
import { TASKS } from '../tasks/index.ts'
import { hasMask } from '../tasks/regions.ts'
import { piecesOf } from './picture-words.ts'

/** Records that are tried: the first of each source, where a dataset's first picture may have nothing. */
export const TRIED_RECORDS = 32
const MOST_NAMED = 6

/** A record with its source's categories. */
export type TriedRecord = { readonly record: DataRecord; readonly categories: readonly string[] }

/**
 * A sentence about what can be made of these records by tasks that are not in use, or what they lack for any.
 * @param tasks names of those in use
 * @param language of the masks; tasks that write another language's words alone are not named
 */
export function wayOut(
  tried: readonly TriedRecord[],
  tasks: readonly string[],
  language: NonNullable<TaskOptions['language']>,
): string {
  const counts = TASKS.filter(({ name }) => !tasks.includes(name)).map(({ name, build }) => {
    const made = tried.filter(({ record, categories }) => {
      try {
        const built = build(record, { seed: 0, settings: {}, categories, language })
        return built.some((conversation) => isSpeakable(conversation, language))
      } catch {
        return false
      }
    })
    return { name, made: made.length }
  })
  const useful = counts.filter(({ made }) => made > 0).sort((a, b) => b.made - a.made)
  if (useful.length > 0) {
    const more = useful.length > MOST_NAMED ? ', ...' : ''
    return `try --task ${useful
      .slice(0, MOST_NAMED)
      .map(({ name }) => name)
      .join(', ')}${more}`
  }
  const regions = tried.flatMap(({ record }) => record.regions)
  if (regions.length === 0) return 'no task does: their pictures have no regions'
  if (!regions.some(hasMask))
    return 'no task does: of their regions only boxes are known, and masks are wanted'
  if (tasks.length > 0) return 'nor does any other task'
  return 'no task does'
}

/** Whether a language can write what a conversation asks for: points and lines are GETok's, lengths HiMTok's. */
function isSpeakable(conversation: TaskConversation, language: TaskOptions['language']): boolean {
  return piecesOf(conversation).every((piece) => {
    if (typeof piece === 'string' || !('regions' in piece) || piece.form.as === 'box') return true
    if (piece.form.as === 'words') return piece.form.length === undefined || language === 'himtok'
    return language === 'getok'
  })
}
