// What the other rooms take from this one.
export type { PlannedPicture } from './reconstruction/truth.ts'
export { choosePictures, parseHoldout, planTruth, truthPictures } from './reconstruction/truth.ts'
