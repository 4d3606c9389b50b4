// The public names of this package, written by hand.
export { LearnError, type LearnErrorCode, type LearnErrorOptions } from './error.ts'
