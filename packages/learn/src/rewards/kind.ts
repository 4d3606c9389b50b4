// What a value from outside is, in a word, for messages that refuse it.

/** What a value is, in a word. */
export function kind(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
