// All formats of masks and sessions in one part, which the page loads when the first file is opened or saved.
export { masksFromCoco } from '@maskwords/exchange/coco.ts'
export { isLabelme, masksFromLabelme } from '@maskwords/exchange/labelme.ts'
export { looksLikeMask, masksFromPngFile } from '@maskwords/exchange/mask-png.ts'
export { isSession, sessionFromJson, sessionOf } from './session.ts'
