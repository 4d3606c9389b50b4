// Lists of plain records out of Python pickles, through the safe reader: nothing is ever run. Format: CPython Lib/pickletools.py.

import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { asObject, type JsonObject } from '@maskwords/annotations'
import { messageOf } from '@maskwords/base'
import {
  CheckpointError,
  PICKLE_LIMITS,
  type PickleValue,
  readPickle,
  sequenceOf,
} from '@maskwords/checkpoint'
import type { Reading } from './reading.ts'

/** Values of one record: a reference of RefCOCO holds some 60. A pickle may refer to one value from everywhere. */
const MAX_VALUES = 100_000
const MAX_DEPTH = 12

/**
 * The objects of a pickled list. Undefined, with a problem said, where the file cannot be read or names something that
 * acts (`os.system`): it is data of somebody who wants code run, so nothing of it is used.
 */
export function readPickledList(reading: Reading, file: string): JsonObject[] | undefined {
  let value: PickleValue
  try {
    const path = join(reading.root, file)
    if (statSync(path).size > PICKLE_LIMITS.byteLength) {
      reading.problem('bad-field', `${file} has more than ${PICKLE_LIMITS.byteLength} bytes`, file)
      return undefined
    }
    value = readPickle(readFileSync(path), { file })
  } catch (error) {
    const isForbidden = error instanceof CheckpointError && error.code === 'forbidden'
    reading.problem(
      'bad-field',
      `${file} ${isForbidden ? 'wants code run; nothing was run and nothing of it is used' : 'cannot be read'}: ${messageOf(error)}`,
      file,
    )
    return undefined
  }
  const list = sequenceOf(value)
  if (list === undefined) {
    reading.problem('bad-field', `${file} should hold a list`, file)
    return undefined
  }
  return list.flatMap((entry, index) => {
    const object = asObject(plain(entry, 0, { left: MAX_VALUES }))
    if (object === undefined)
      reading.problem('bad-field', `entry ${index} is no dict`, file, `entry ${index}`)
    return object === undefined ? [] : [object]
  })
}

/** Dicts with text keys become objects without prototype, tuples and sets lists; anything that is no plain data null. */
function plain(value: PickleValue, depth: number, budget: { left: number }): unknown {
  if (
    value === null ||
    typeof value === 'string' ||
    typeof value === 'number' ||
    typeof value === 'boolean'
  ) {
    return value
  }
  if (typeof value === 'bigint') return value.toString()
  if (depth > MAX_DEPTH || budget.left <= 0) return null
  const list = value instanceof Set ? [...value] : sequenceOf(value)
  if (list !== undefined) {
    budget.left -= list.length
    return budget.left < 0 ? null : list.map((item) => plain(item, depth + 1, budget))
  }
  if (!(value instanceof Map)) return null
  budget.left -= value.size
  if (budget.left < 0) return null
  const object: Record<string, unknown> = Object.create(null)
  for (const [key, item] of value) if (typeof key === 'string') object[key] = plain(item, depth + 1, budget)
  return object
}
