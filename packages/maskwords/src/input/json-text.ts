// JSON text to a value, with line and column in the complaint, and zod issues turned into located errors.
import type { z } from 'zod'
import { MaskwordsError } from '../error.ts'
import { MAX_JSON_BYTES } from './bytes.ts'

/** Parses JSON bytes (UTF-8, a byte order mark allowed). Throws MaskwordsError `malformed` or `too-large`. */
export function parseJson(bytes: Uint8Array, name: string): unknown {
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
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new MaskwordsError('malformed', 'the JSON is not UTF-8 text', {
      file: name,
      hint: 'save it as UTF-8',
    })
  }
  try {
    return JSON.parse(text) as unknown
  } catch (error) {
    throw jsonError(text, name, error)
  }
}

function jsonError(text: string, name: string, error: unknown): MaskwordsError {
  const said = error instanceof Error ? error.message : String(error)
  const position = /position (\d+)/.exec(said)
  const cut = position === null || Number(position[1]) >= text.trimEnd().length
  const offset = position === null ? text.length : Number(position[1])
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
    `not valid JSON: ${cut ? 'the text ends too early' : said.split(' in JSON')[0]!.slice(0, 120)}`,
    {
      file: name,
      at: `line ${line}, column ${column}`,
      hint: lines
        ? 'this looks like JSON Lines, one object a line: give one line at a time'
        : cut
          ? 'the file is cut off: copy or download it again'
          : undefined,
    },
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

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
