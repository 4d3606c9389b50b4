// What the other rooms take from this one.
export type { Catalogue } from './catalogue.ts'
export { catalogueOf } from './catalogue.ts'
export type { CodedErrorOptions } from './error.ts'
export { CodedError, messageOf } from './error.ts'
export { namesHint, nearest } from './names.ts'
export type { SseReader } from './sse.ts'
export { sseReader } from './sse.ts'
export { byCodeUnits, isRecord } from './values.ts'
