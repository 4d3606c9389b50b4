// All formats of masks and sessions in one part, which the page loads when the first file is opened or saved.
export { looksLikeMask } from '@maskwords/exchange/mask-png.ts'
export { classNamesOf, jsonOf, masksOfFile } from '@maskwords/exchange/read.ts'
export { isSession, sessionFromJson, sessionOf } from './session.ts'
