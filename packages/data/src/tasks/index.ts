// All tasks, in the order of the documentation.
import type { Task } from '../conversation.ts'
import { DataError } from '../error.ts'
import { openVocabulary } from './open-vocabulary.ts'
import { reasoning, referring, tokenBudget } from './referring.ts'

export const TASKS: readonly Task[] = [referring, reasoning, tokenBudget, openVocabulary]

/** The task of this name. Throws DataError 'bad-option' for an unknown one, with the names there are. */
export function taskByName(name: string): Task {
  const task = TASKS.find((one) => one.name === name)
  if (task !== undefined) return task
  throw new DataError('bad-option', `There is no task ${JSON.stringify(name)}.`, {
    hint: `Tasks: ${TASKS.map((one) => one.name).join(', ')}.`,
  })
}
