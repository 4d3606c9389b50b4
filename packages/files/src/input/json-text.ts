// JSON text to a value, with line and column in the complaint, and zod issues turned into located errors.
import { messageOf } from '@maskwords/base'
import { parseExactJson } from '@maskwords/words'
import type { z } from 'zod'
import { MaskwordsError } from '../error.ts'
import { MAX_JSON_BYTES } from './bytes.ts'
import { decodedText } from './decoded-text.ts'

/**
 * Parses JSON bytes, long whole numbers exact: UTF-8, or as `encoding` or a byte order mark says. Throws MaskwordsError `malformed` (with the byte where the
 * text is not in its encoding) or `too-large`.
 */
export function parseJson(bytes: Uint8Array, name: string, encoding?: string): unknown {
  if (bytes.byteLength > MAX_JSON_BYTES) {
    throw new MaskwordsError(
      'too-large',
      `${bytes.byteLength} bytes of JSON, more than the limit of ${MAX_JSON_BYTES}`,
      {
        file: name,
        hint: 'split the file by picture',
      },
    )
  }
  const text = decodedText(bytes, name, { encoding })
  try {
    return parseExactJson(text)
  } catch (error) {
    throw jsonError(text, name, error)
  }
}

function jsonError(text: string, name: string, error: unknown): MaskwordsError {
  const said = messageOf(error)
  const offset = jsonFaultAt(text)
  const cut = offset >= text.trimEnd().length
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  const column = offset - lineStart + 1
  const lines =
    text[offset] === '{' &&
    text
      .slice(Math.max(0, offset - 1000), offset)
      .trimEnd()
      .endsWith('}')
  return new MaskwordsError(
    'malformed',
    `not valid JSON: ${cut ? 'the text ends too early' : said.split(/, .{0,4}"| in JSON/)[0]!.slice(0, 120)}`,
    {
      file: name,
      at: `line ${line}, column ${column}`,
      hint: lines
        ? 'this looks like JSON Lines, one object a line: give one line at a time'
        : cut
          ? 'the file is cut off: copy or download it again'
          : /^-?(?:NaN|Infinity)/.test(text.slice(offset, offset + 9))
            ? 'JSON has no such number; Python writes it unless json.dumps has allow_nan=False'
            : undefined,
    },
  )
}

const BLANKS = /[ \t\n\r]*/y
// Numbers and names whole. Strings are walked by hand: an embedded picture is longer than a pattern can match.
const PLAIN = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y

/**
 * Where a text that is not JSON stops being the beginning of JSON, for the engine does not always say: the first character
 * of the value, name or sign that is wrong; the length of the text where only its end is missing.
 */
function jsonFaultAt(text: string): number {
  const open: string[] = []
  let at = 0
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at
    const matches = pattern.test(text)
    if (matches) at = pattern.lastIndex
    return matches
  }
  let wanted: 'value' | 'first' | 'key' | 'after' = 'value'
  for (;;) {
    skip(BLANKS)
    const sign = text[at]
    if (sign === undefined) return text.length
    const closes = sign === (open.at(-1) === '{' ? '}' : ']') && open.length > 0
    if (closes && (wanted === 'after' || wanted === 'first')) {
      open.pop()
      at++
      wanted = 'after'
    } else if (wanted === 'after') {
      if (sign !== ',' || open.length === 0) return at
      at++
      wanted = open.at(-1) === '{' ? 'key' : 'value'
    } else if (open.at(-1) === '{' && wanted !== 'value') {
      const end = endOfString(text, at)
      if (end < 0) return at
      if (end > text.length) return text.length
      at = end
      skip(BLANKS)
      if (at === text.length) return at
      if (text[at] !== ':') return at
      at++
      wanted = 'value'
    } else if (sign === '{' || sign === '[') {
      open.push(sign)
      at++
      wanted = 'first'
    } else if (sign === '"') {
      const end = endOfString(text, at)
      if (end < 0) return at
      if (end > text.length) return text.length
      at = end
      wanted = 'after'
    } else {
      if (!skip(PLAIN)) return endsInside(text, at) ? text.length : at
      wanted = 'after'
    }
  }
}

/** Behind the string that begins at `at`; where it is wrong, -1, and where the text ends inside it, the text's length + 1. */
function endOfString(text: string, at: number): number {
  if (text[at] !== '"') return -1
  for (let i = at + 1; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i + 1
    if (code < SPACE) return -1
    if (code !== BACKSLASH) continue
    if (++i === text.length) break
    if (text[i] === 'u' && i + 4 < text.length && !/^[\da-fA-F]{4}$/.test(text.slice(i + 1, i + 5))) return -1
    if (!'"\\/bfnrtu'.includes(text[i]!)) return -1
  }
  return text.length + 1
}

const SPACE = 0x20
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** True where the text ends inside a number or name that begins at `at`. */
function endsInside(text: string, at: number): boolean {
  const rest = text.slice(at, at + 64)
  return (
    rest.length < 64 && /^(?:-?[\d.eE+-]*|t(?:r(?:u)?)?|f(?:a(?:ls?)?)?|n(?:u(?:l)?)?)$/.test(rest.trimEnd())
  )
}

/** Checks a value against a schema; the error names the place as a path (`annotations[3].segmentation`). */
export function checkShape<T>(
  schema: z.ZodType<T>,
  value: unknown,
  name: string,
  path: string,
  what: string,
): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = deepest(result.error.issues[0]!)
  const place =
    path + issue.path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')
  throw new MaskwordsError('malformed', `${what}: ${issue.message}`, {
    file: name,
    at: place.replace(/^\./, '') || 'top level',
  })
}

type Issue = { path: PropertyKey[]; message: string; errors?: Issue[][] }

/** For a union, the complaint of the alternative that came furthest. */
function deepest(issue: unknown): Issue {
  const { path, message, errors } = issue as Issue
  let best: Issue = { path, message }
  for (const alternative of errors ?? []) {
    if (alternative.length === 0) continue
    const inner = deepest(alternative[0])
    if (path.length + inner.path.length > best.path.length)
      best = { path: [...path, ...inner.path], message: inner.message }
  }
  return best
}
