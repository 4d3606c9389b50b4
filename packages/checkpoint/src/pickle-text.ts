// The text encodings of old pickles (protocols 0 and 1; CPython Lib/pickle.py: load_string, load_unicode) and what copying a value costs.
import { type PickleValue, sequenceOf } from './pickle-values.ts'

/** About what copying a value one level deep takes: 40 bytes an entry, 1 a character or byte. */
export function copyBytes(value: PickleValue): number {
  if (typeof value === 'string' || value instanceof Uint8Array) return value.length
  if (value instanceof Map || value instanceof Set) return 40 * value.size
  return 40 * (sequenceOf(value)?.length ?? 0)
}

const SIMPLE_ESCAPES: Record<string, string> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  "'": "'",
  '"': '"',
}

/** A Python 2 string literal's contents: escapes give bytes, which are then text as `strings` says. */
export function unescaped(body: string, strings: 'auto' | 'latin1'): string {
  const raw = body.replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|.)/gs, (whole: string, code: string) => {
    if (code.length === 3 && code[0] === 'x') return String.fromCharCode(Number.parseInt(code.slice(1), 16))
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8) & 0xff)
    return SIMPLE_ESCAPES[code] ?? whole
  })
  if (strings === 'latin1') return raw
  try {
    const bytes = Uint8Array.from(raw, (character) => character.charCodeAt(0))
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return raw
  }
}

/** The raw-unicode-escape encoding of protocol 0: latin-1 with \uXXXX and \UXXXXXXXX. */
export function rawUnicode(body: string): string {
  return body.replace(
    /\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})/g,
    (whole: string, short?: string, long?: string) => {
      const code = Number.parseInt(short ?? long!, 16)
      return code <= 0x10ffff ? String.fromCodePoint(code) : whole
    },
  )
}
