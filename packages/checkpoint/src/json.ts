// Strict JSON for headers from outside (RFC 8259): objects become Maps (so `__proto__` is a name like any other), a repeated key
// is an error instead of a silent winner, nesting is bounded.
import { CheckpointError } from './error.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | Map<string, JsonValue>

/** A safetensors header nests 3 deep (object, tensor, shape) and a shard index 2; more is no such file. */
const MAX_JSON_DEPTH = 16

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Parses UTF-8 JSON. `startByte` is where the text begins in its file; errors point into the file.
 * @throws CheckpointError `malformed` for anything that is not JSON, a repeated key, or bytes that are not UTF-8.
 */
export function parseStrictJson(bytes: Uint8Array, options: { file: string; startByte?: number }): JsonValue {
  const startByte = options.startByte ?? 0
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new CheckpointError('malformed', 'the header is not UTF-8 text', {
      file: options.file,
      at: startByte,
      cause,
    })
  }
  let position = 0

  const fail = (what: string, entry?: string): never => {
    const at = startByte + new TextEncoder().encode(text.slice(0, position)).length
    throw new CheckpointError('malformed', what, { file: options.file, at, entry })
  }
  const skipSpace = (): void => {
    for (;;) {
      const code = text.charCodeAt(position)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      position++
    }
  }
  const readString = (): string => {
    let end = position + 1
    let plain = true
    for (;;) {
      const code = text.charCodeAt(end)
      if (Number.isNaN(code)) fail('a JSON string has no end')
      if (code === 0x22) break
      if (code < 0x20) fail('a JSON string holds a control character')
      if (code === 0x5c) {
        plain = false
        end++
      }
      end++
    }
    const raw = text.slice(position, end + 1)
    let value = raw.slice(1, -1)
    if (!plain) {
      try {
        value = JSON.parse(raw) as string
      } catch {
        fail('a JSON string holds an escape that does not exist')
      }
    }
    position = end + 1
    return value
  }
  const readValue = (depth: number): JsonValue => {
    if (depth > MAX_JSON_DEPTH) fail(`JSON nests more than ${MAX_JSON_DEPTH} deep`)
    skipSpace()
    const first = text[position]
    if (first === '"') return readString()
    if (first === '{') return readObject(depth)
    if (first === '[') return readArray(depth)
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (text.startsWith(word, position)) {
        position += word.length
        return value
      }
    }
    NUMBER.lastIndex = position
    const match = NUMBER.exec(text)
    if (match === null) return fail(first === undefined ? 'JSON ends too early' : 'this is not JSON')
    position += match[0].length
    return Number(match[0])
  }
  const readArray = (depth: number): JsonValue[] => {
    const items: JsonValue[] = []
    position++
    skipSpace()
    if (text[position] === ']') {
      position++
      return items
    }
    for (;;) {
      items.push(readValue(depth + 1))
      skipSpace()
      const next = text[position]
      if (next !== ',' && next !== ']') fail('a JSON array lacks a comma or its end')
      position++
      if (next === ']') return items
    }
  }
  const readObject = (depth: number): Map<string, JsonValue> => {
    const entries = new Map<string, JsonValue>()
    position++
    skipSpace()
    if (text[position] === '}') {
      position++
      return entries
    }
    for (;;) {
      skipSpace()
      if (text[position] !== '"') fail('a JSON object lacks a key')
      const key = readString()
      if (entries.has(key)) fail('a key occurs twice in one JSON object', key)
      skipSpace()
      if (text[position] !== ':') fail('a JSON key lacks its value', key)
      position++
      entries.set(key, readValue(depth + 1))
      skipSpace()
      const next = text[position]
      if (next !== ',' && next !== '}') fail('a JSON object lacks a comma or its end')
      position++
      if (next === '}') return entries
    }
  }

  const value = readValue(0)
  skipSpace()
  if (position < text.length) fail('something follows the JSON')
  return value
}
