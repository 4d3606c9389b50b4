// The public names of this package, written by hand.
export type { EvalErrorCode, EvalErrorOptions } from './error.ts'
export { EvalError } from './error.ts'
