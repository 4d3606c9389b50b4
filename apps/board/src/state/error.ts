// The studio's own error, which its files of annotations throw as well.
export { StudioError, type StudioErrorCode } from '@maskwords/exchange/error.ts'
