// All formats of masks and sessions in one part, which the page loads when the first file is opened or saved.
export { cocoOf, masksFromCoco } from './coco.ts'
export { isLabelme, masksFromLabelme } from './labelme.ts'
export { looksLikeMask, masksFromPngFile } from './mask-png.ts'
export { isSession, sessionFromJson, sessionOf } from './session.ts'
