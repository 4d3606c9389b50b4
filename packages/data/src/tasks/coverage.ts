// What may be asked about all objects of a category: which categories are absent from a picture, and of which its regions are all
// that there are. Every task that asks for something absent or for all of a kind asks here. Definition: `Coverage` of records.

import { type DataRecord, reservedName } from '@maskwords/datasets'
import { requestPhrase } from './clean-text.ts'
import { hasMask } from './regions.ts'

/** Clean names of each dataset's categories, sorted: V3Det has 13,000, too many to clean for every record. */
const cleanNames = new WeakMap<readonly string[], readonly string[]>()

/** Names of the dataset's categories that are known to be absent from the record's picture, sorted. */
export function absentNames(record: DataRecord, categories: readonly string[]): readonly string[] {
  const { coverage } = record
  if (coverage === undefined) return []
  const { absent, incomplete } = coverage
  if (absent === 'others' && incomplete === 'any') return []
  const names = absent === 'others' ? cleaned(categories) : [...new Set(absent.map(requestPhrase))].sort()
  const present = new Set(record.regions.map((region) => inSmallLetters(region.category ?? '')))
  if (incomplete !== 'any') for (const name of incomplete) present.add(inSmallLetters(name))
  return names.filter((name) => name !== '' && !present.has(name.toLowerCase()))
}

/** Where a dataset has "Cat" and "cat", a picture with one of them does not lack the other. */
function inSmallLetters(category: string): string {
  return requestPhrase(category).toLowerCase()
}

function cleaned(categories: readonly string[]): readonly string[] {
  let names = cleanNames.get(categories)
  if (names === undefined) {
    const named = categories.filter((category) => reservedName(category) === undefined)
    names = [...new Set(named.map(requestPhrase))].sort()
    cleanNames.set(categories, names)
  }
  return names
}

/**
 * Whether the record's regions of a category (its name cleaned) are all that the picture shows, each with its mask: none lost,
 * none a crowd or ignored, none known by its box alone.
 */
export function isWhole(record: DataRecord, name: string): boolean {
  const { coverage } = record
  if (coverage === undefined || coverage.incomplete === 'any') return false
  if (coverage.incomplete.some((category) => requestPhrase(category) === name)) return false
  return record.regions.every(
    (region) =>
      region.category === undefined ||
      requestPhrase(region.category) !== name ||
      (hasMask(region) && region.isCrowd !== true),
  )
}
