// The public names of this package, written by hand.
export type * from './conversation.ts'
export { DataError, type DataErrorCode } from './error.ts'
export type * from './record.ts'
export { inHoldout, MAX_SPLIT_PARTS } from './split.ts'
export { checkPictures, type FillOptions, fillConversation, PICTURE_PLACE } from './tasks/fill.ts'
export { TASKS, taskByName } from './tasks/index.ts'
export { WRITERS, writerByName } from './writers/index.ts'
