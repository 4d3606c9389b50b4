// Short, harmless descriptions of outside values for messages.

const MAX_CHARACTERS = 40

/**
 * A printable piece of any value. Objects are named, not printed: from JSON they may bring a `toString` that is no
 * function, and the message would throw instead of the error.
 */
export function excerpt(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  const text = typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_CHARACTERS + 1)) : String(value)
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}...` : text
}
