// Typed looks into parsed JSON, whatever it holds: own members only, so that `__proto__` and friends are plain keys. Definition: ours.
import { isRecord } from '@maskwords/base'
import type { SizePx } from '@maskwords/mask'
import { type RecordId, recordFlag, recordId } from '@maskwords/words'

export type JsonObject = { readonly [key: string]: unknown }

export function asObject(value: unknown): JsonObject | undefined {
  return isRecord(value) ? value : undefined
}

/** A member of an object; undefined where it has none of its own. */
export function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as JsonObject)[key]
    : undefined
}

/** The first member of these names that is there and not null. */
export function memberOfAny(value: unknown, keys: readonly string[]): unknown {
  for (const key of keys) {
    const found = member(value, key)
    if (found !== undefined && found !== null) return found
  }
  return undefined
}

export function listAt(value: unknown, ...keys: readonly string[]): readonly unknown[] {
  const found = memberOfAny(value, keys)
  return Array.isArray(found) ? found : []
}

/** A text with something in it. */
export function textAt(value: unknown, ...keys: readonly string[]): string | undefined {
  const found = memberOfAny(value, keys)
  return typeof found === 'string' && found.trim() !== '' ? found : undefined
}

/** A number, of a text that is one, too: spreadsheets and XML make texts of them. */
export function numberAt(value: unknown, ...keys: readonly string[]): number | undefined {
  return numberOf(memberOfAny(value, keys))
}

/** A whole number above 0, as pictures' sides are. */
export function sideAt(value: unknown, ...keys: readonly string[]): number | undefined {
  const found = numberAt(value, ...keys)
  return found !== undefined && Number.isInteger(found) && found > 0 ? found : undefined
}

export type Id = RecordId

export function idAt(value: unknown, ...keys: readonly string[]): Id | undefined {
  return recordId(memberOfAny(value, keys))
}

/** A yes or no; false where it is not there or says neither. */
export function flagAt(value: unknown, ...keys: readonly string[]): boolean {
  return recordFlag(memberOfAny(value, keys)) ?? false
}

/**
 * Width and height as an entry states them: undefined where it does not, NaN where that is no number, so that nobody takes a
 * wrong size for none.
 */
export function sidesAt(
  value: unknown,
  widthKey = 'width',
  heightKey = 'height',
): { readonly widthPx: number | undefined; readonly heightPx: number | undefined } {
  const side = (key: string) =>
    memberOfAny(value, [key]) === undefined ? undefined : (numberAt(value, key) ?? Number.NaN)
  return { widthPx: side(widthKey), heightPx: side(heightKey) }
}

/** Width and height where both are whole numbers above 0. */
export function sizeAt(value: unknown, widthKey = 'width', heightKey = 'height'): SizePx | undefined {
  const widthPx = sideAt(value, widthKey)
  const heightPx = sideAt(value, heightKey)
  return widthPx === undefined || heightPx === undefined ? undefined : { widthPx, heightPx }
}

/** All numbers of a list, or undefined where one is none. */
export function numbersOf(value: unknown): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined
  for (let i = 0; i < value.length; i++) if (!Number.isFinite(value[i])) return undefined
  return value
}

/** All numbers of a list, those written as text too; undefined where one is none. */
export function readNumbers(value: unknown): readonly number[] | undefined {
  const numbers = numbersOf(value)
  if (numbers !== undefined || !Array.isArray(value)) return numbers
  return numbersOf(value.map(numberOf))
}

/** A number with a value, or that of a text which is one in decimals. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string' || value.length > MAX_NUMBER_LENGTH || !DECIMAL.test(value)) return undefined
  const number = Number(value)
  return Number.isFinite(number) ? number : undefined
}

const DECIMAL = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i
const MAX_NUMBER_LENGTH = 64

export function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value : [value]
  return list.filter((text): text is string => typeof text === 'string' && text.trim() !== '')
}
