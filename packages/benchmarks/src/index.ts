// What the other rooms take from this one.

export { choosePictures, parseHoldout, planTruth, truthPictures } from './reconstruction/truth.ts'
export type { PlannedPicture } from './reconstruction/truth-plan.ts'
