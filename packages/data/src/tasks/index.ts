// All tasks, in the order of the documentation.

import { catalogueOf, namesHint } from '@maskwords/base'
import { DataError } from '@maskwords/datasets'
import type { Task } from '../conversation.ts'
import { boxToMask, maskToBox, referringBox } from './boxes.ts'
import { counting } from './counting.ts'
import { pointing, polyline, refinement } from './grid-words.ts'
import { groundedCaption } from './grounded-caption.ts'
import { maskChoice } from './mask-choice.ts'
import { openVocabulary } from './open-vocabulary.ts'
import { reasoning, referring, tokenBudget } from './referring.ts'
import { regionCaption, regionQuestion } from './region-text.ts'
import { dialogue, existence, multiRound } from './rounds.ts'
import { sceneGraph, sceneGraphCandidates, sceneGraphGiven, sceneGraphRounds } from './scene-graph.ts'
import { thinking } from './thinking.ts'

const ALL: readonly Task[] = [
  referring,
  reasoning,
  existence,
  openVocabulary,
  counting,
  groundedCaption,
  regionCaption,
  regionQuestion,
  maskChoice,
  sceneGraph,
  sceneGraphCandidates,
  sceneGraphGiven,
  sceneGraphRounds,
  dialogue,
  multiRound,
  thinking,
  boxToMask,
  maskToBox,
  referringBox,
  tokenBudget,
  pointing,
  polyline,
  refinement,
]

const CATALOGUE = catalogueOf(ALL, (name) => new DataError('bad-option', `There is a task ${name} already.`))

/** Every task: the published ones in the order of the documentation, then those that plugins brought. */
export const TASKS: readonly Task[] = CATALOGUE.all

/** Makes a task known by its name, from now on and in this thread. Throws DataError 'bad-option' for a name that is taken. */
export const addTask = (task: Task): void => CATALOGUE.add(task)

/** The task of this name. Throws DataError 'bad-option' for an unknown one, with the names there are. */
export function taskByName(name: string): Task {
  const task = CATALOGUE.named(name)
  if (task !== undefined) return task
  throw new DataError('bad-option', `There is no task ${JSON.stringify(name)}.`, {
    hint: namesHint(
      name,
      TASKS.map((one) => one.name),
    ),
  })
}
