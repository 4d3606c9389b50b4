// What the other rooms take from this one.

export type { MadeScenes, MakeScenesOptions, SceneSettings } from './folder.ts'
export { makeScenes } from './folder.ts'
export type { Question, QuestionKind, QuestionOptions, Thing } from './questions.ts'
export { QUESTION_KINDS, questionsOf } from './questions.ts'
