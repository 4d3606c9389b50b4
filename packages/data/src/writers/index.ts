// All writers, in the order of the documentation.

import { DataError } from '@maskwords/datasets'
import type { Writer } from '../conversation.ts'
import { easyR1 } from './easyr1.ts'
import { jsonl } from './jsonl.ts'
import { llamaFactory } from './llama-factory.ts'
import { msSwift, msSwiftGrpo } from './ms-swift.ts'
import { qwen } from './qwen.ts'
import { trl, trlJsonl } from './trl.ts'
import { verl } from './verl.ts'
import { webDataset } from './webdataset.ts'

export const WRITERS: readonly Writer[] = [
  qwen,
  msSwift,
  msSwiftGrpo,
  llamaFactory,
  easyR1,
  verl,
  trl,
  trlJsonl,
  jsonl,
  webDataset,
]

/** The writer of this name. Throws DataError 'bad-option' for an unknown one, with the names there are. */
export function writerByName(name: string): Writer {
  const writer = WRITERS.find((one) => one.name === name)
  if (writer !== undefined) return writer
  throw new DataError('bad-option', `There is no writer ${JSON.stringify(name)}.`, {
    hint: `Writers: ${WRITERS.map((one) => one.name).join(', ')}.`,
  })
}
