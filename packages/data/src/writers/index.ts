// All writers, in the order of the documentation.
import type { Writer } from '../conversation.ts'
import { DataError } from '../error.ts'
import { jsonl } from './jsonl.ts'
import { msSwift, msSwiftGrpo } from './ms-swift.ts'
import { qwen } from './qwen.ts'

export const WRITERS: readonly Writer[] = [qwen, msSwift, msSwiftGrpo, jsonl]

/** The writer of this name. Throws DataError 'bad-option' for an unknown one, with the names there are. */
export function writerByName(name: string): Writer {
  const writer = WRITERS.find((one) => one.name === name)
  if (writer !== undefined) return writer
  throw new DataError('bad-option', `There is no writer ${JSON.stringify(name)}.`, {
    hint: `Writers: ${WRITERS.map((one) => one.name).join(', ')}.`,
  })
}
