// All writers, in the order of the documentation.

import { catalogueOf, namesHint } from '@maskwords/base'
import { DataError } from '@maskwords/datasets'
import type { Writer } from '../conversation.ts'
import { easyR1 } from './easyr1.ts'
import { jsonl } from './jsonl.ts'
import { llamaFactory } from './llama-factory.ts'
import { msSwift, msSwiftGrpo } from './ms-swift.ts'
import { openai } from './openai.ts'
import { qwen } from './qwen.ts'
import { trl, trlJsonl } from './trl.ts'
import { verl } from './verl.ts'
import { webDataset } from './webdataset.ts'

const ALL: readonly Writer[] = [
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
  openai,
]

const CATALOGUE = catalogueOf(
  ALL,
  (name) => new DataError('bad-option', `There is a format ${name} already.`),
)

/** Every writer: the published ones in the order of the documentation, then those that plugins brought. */
export const WRITERS: readonly Writer[] = CATALOGUE.all

/** Makes a writer known by its name, from now on and in this thread. Throws DataError 'bad-option' for a name that is taken. */
export const addWriter = (writer: Writer): void => CATALOGUE.add(writer)

/** The writer of this name. Throws DataError 'bad-option' for an unknown one, with the names there are. */
export function writerByName(name: string): Writer {
  const writer = CATALOGUE.named(name)
  if (writer !== undefined) return writer
  throw new DataError('bad-option', `There is no writer ${JSON.stringify(name)}.`, {
    hint: namesHint(
      name,
      WRITERS.map((one) => one.name),
    ),
  })
}
