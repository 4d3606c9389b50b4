// What the other rooms take from this one.

export type { Bitmap } from './bit-lists.ts'
export type { ByteInput } from './byte-window.ts'
export type { DataErrorCode } from './error.ts'
export { DataError } from './error.ts'
export type { JsonLine, JsonLinesOptions } from './json-lines.ts'
export { jsonLines, readJsonFile } from './json-lines.ts'
export type { JsonItem, JsonLimits, JsonStreamOptions } from './json-stream.ts'
export { JSON_LIMITS, jsonItems, jsonItemsOf } from './json-stream.ts'
export type { DataProblem } from './problem.ts'
export type { Table, TableRow } from './table.ts'
export { openTable } from './table.ts'
export { openTextInput, readText } from './text-input.ts'
