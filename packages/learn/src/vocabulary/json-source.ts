// JSON files that are changed in a few places and must stay as they are everywhere else: a strict parser (RFC 8259) that
// remembers where values stand, and edits of the text. A parse and a new print would turn `1000000.0` into `1000000` and
// move keys that look like numbers to the front.
import { LearnError } from '../error.ts'

/** The largest published tokenizer.json files have 35 MB (vocabularies of 260,000 with their merges). */
export const MAX_JSON_BYTES = 256 * 1024 * 1024
/** Published tokenizer.json files nest 8 deep. */
const MAX_JSON_DEPTH = 64

export type JsonNode =
  | { kind: 'object'; start: number; end: number; entries: Map<string, JsonNode>; firstKeyStart: number }
  | { kind: 'array'; start: number; end: number; items: JsonNode[] }
  | { kind: 'string'; start: number; end: number; value: string }
  | { kind: 'number'; start: number; end: number; value: number }
  | { kind: 'literal'; start: number; end: number; value: boolean | null }

export type JsonSource = { readonly file: string; readonly text: string; readonly root: JsonNode }

/** Text that takes the place of what stands at `start..end`. */
export type TextEdit = { readonly start: number; readonly end: number; readonly text: string }

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

/**
 * Parses JSON and keeps the places. Throws LearnError `malformed` (with line and column) for what is no JSON and for a key that
 * occurs twice in one object, `too-large` for nesting beyond 64.
 */
export function parseJsonSource(text: string, file: string): JsonSource {
  let position = 0
  const fail = (what: string): never => {
    throw new LearnError('malformed', what, { file, at: placeOf(text, position) })
  }
  const skipBlank = (): void => {
    for (;;) {
      const code = text.charCodeAt(position)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
      position++
    }
  }
  const readString = (): string => {
    const from = position
    let plain = true
    for (position++; ; position++) {
      const code = text.charCodeAt(position)
      if (code === 0x22) break
      if (Number.isNaN(code)) fail('a JSON string has no end')
      if (code < 0x20) fail('a JSON string holds a control character')
      if (code === 0x5c) {
        plain = false
        position++
      }
    }
    position++
    if (plain) return text.slice(from + 1, position - 1)
    try {
      return JSON.parse(text.slice(from, position)) as string
    } catch {
      return fail('a JSON string holds an escape that does not exist')
    }
  }
  const readValue = (depth: number): JsonNode => {
    if (depth > MAX_JSON_DEPTH) {
      throw new LearnError('too-large', `JSON that nests more than ${MAX_JSON_DEPTH} deep`, {
        file,
        at: placeOf(text, position),
      })
    }
    skipBlank()
    const start = position
    switch (text.charCodeAt(position)) {
      case 0x22: {
        const value = readString()
        return { kind: 'string', start, end: position, value }
      }
      case 0x7b:
        return readObject(start, depth)
      case 0x5b:
        return readArray(start, depth)
    }
    for (const [word, value] of LITERALS) {
      if (text.startsWith(word, position)) {
        position += word.length
        return { kind: 'literal', start, end: position, value }
      }
    }
    NUMBER.lastIndex = position
    const match = NUMBER.exec(text)
    if (match === null) return fail(position >= text.length ? 'the JSON ends too early' : 'this is not JSON')
    position += match[0].length
    return { kind: 'number', start, end: position, value: Number(match[0]) }
  }
  /** After a value: true where another one follows, false at the end of the container. */
  const goesOn = (closing: number, what: string): boolean => {
    skipBlank()
    const code = text.charCodeAt(position)
    if (code !== 0x2c && code !== closing) fail(`a JSON ${what} lacks a comma or its end`)
    position++
    return code === 0x2c
  }
  const readArray = (start: number, depth: number): JsonNode => {
    const items: JsonNode[] = []
    position++
    skipBlank()
    if (text.charCodeAt(position) === 0x5d) position++
    else
      do items.push(readValue(depth + 1))
      while (goesOn(0x5d, 'array'))
    return { kind: 'array', start, end: position, items }
  }
  const readObject = (start: number, depth: number): JsonNode => {
    const entries = new Map<string, JsonNode>()
    position++
    skipBlank()
    const firstKeyStart = position
    if (text.charCodeAt(position) === 0x7d) position++
    else
      do {
        skipBlank()
        if (text.charCodeAt(position) !== 0x22) fail('a JSON object lacks a key')
        const key = readString()
        if (entries.has(key)) fail(`the key ${quoted(key)} occurs twice in one JSON object`)
        skipBlank()
        if (text.charCodeAt(position) !== 0x3a) fail(`the JSON key ${quoted(key)} lacks its value`)
        position++
        entries.set(key, readValue(depth + 1))
      } while (goesOn(0x7d, 'object'))
    return { kind: 'object', start, end: position, entries, firstKeyStart }
  }
  const root = readValue(0)
  skipBlank()
  if (position < text.length) fail('something follows the JSON')
  return { file, text, root }
}

const LITERALS: readonly (readonly [string, boolean | null])[] = [
  ['true', true],
  ['false', false],
  ['null', null],
]

/** A name out of a file for a message: escaped and cut. */
export function quoted(text: string, maxLength = 60): string {
  return JSON.stringify(text.length > maxLength ? `${text.slice(0, maxLength)}...` : text)
}

/** `line 3, column 7` of a character. */
export function placeOf(text: string, position: number): string {
  let line = 1
  let lineStart = 0
  for (let at = text.indexOf('\n'); at >= 0 && at < position; at = text.indexOf('\n', at + 1)) {
    line++
    lineStart = at + 1
  }
  return `line ${line}, column ${position - lineStart + 1}`
}

/** The value under a path of keys, or undefined. */
export function at(node: JsonNode | undefined, ...path: readonly string[]): JsonNode | undefined {
  for (const key of path) {
    if (node?.kind !== 'object') return undefined
    node = node.entries.get(key)
  }
  return node
}

/** The text with its edits made; edits must not overlap. */
export function editedText(source: JsonSource, edits: readonly TextEdit[]): string {
  const { text } = source
  let done = ''
  let from = 0
  for (const edit of [...edits].sort((a, b) => a.start - b.start)) {
    done += text.slice(from, edit.start) + edit.text
    from = edit.end
  }
  return done + text.slice(from)
}

export type PlainValue = string | number | boolean | null | { readonly [key: string]: PlainValue }

/** The edit that adds values at the end of an array, laid out as those before them. */
export function appendItems(
  source: JsonSource,
  array: JsonNode & { kind: 'array' },
  values: readonly PlainValue[],
): TextEdit {
  return appended(source, array, array.items[0]?.start, array.items.at(-1), (layout) =>
    values.map((value) => printed(value, layout)),
  )
}

/** The edit that adds entries at the end of an object. Throws LearnError `mismatch` where a key is there already. */
export function appendEntries(
  source: JsonSource,
  object: JsonNode & { kind: 'object' },
  entries: readonly (readonly [key: string, value: PlainValue])[],
): TextEdit {
  for (const [key] of entries) {
    if (object.entries.has(key)) {
      throw new LearnError('mismatch', `the key ${quoted(key)} is there already`, {
        file: source.file,
        hint: 'the files of this tokenizer contradict each other: start from the published folder',
      })
    }
  }
  const first = object.entries.size === 0 ? undefined : object.firstKeyStart
  return appended(source, object, first, [...object.entries.values()].at(-1), (layout) =>
    entries.map(([key, value]) => `${JSON.stringify(key)}${layout.colon}${printed(value, layout)}`),
  )
}

type Layout = {
  /** Between the elements of the container. */
  readonly separator: string
  readonly colon: string
  /** Blanks before an element; undefined where everything stands on one line. */
  readonly indent: string | undefined
  readonly step: string
  readonly newline: string
}

function appended(
  source: JsonSource,
  container: JsonNode,
  firstStart: number | undefined,
  last: JsonNode | undefined,
  print: (layout: Layout) => string[],
): TextEdit {
  const { text } = source
  const inside = text.slice(container.start, Math.min(container.end, container.start + 4096))
  const newline = text.includes('\r\n') ? '\r\n' : '\n'
  const colon = /":\s/.test(inside) || (!/":/.test(inside) && /":\s/.test(text.slice(0, 4096))) ? ': ' : ':'
  const gap = firstStart === undefined ? undefined : text.slice(container.start + 1, firstStart)
  if (gap === undefined || last === undefined) {
    const lineStart = text.lastIndexOf('\n', container.start) + 1
    const outer = /^[ \t]*/.exec(text.slice(lineStart, container.start))![0]
    const spread = text.includes('\n')
    const indent = spread ? `${outer}  ` : undefined
    const separator = spread ? `,${newline}${indent}` : colon === ': ' ? ', ' : ','
    const body = print({ separator, colon, indent, step: '  ', newline }).join(separator)
    const inner = spread ? `${newline}${indent}${body}${newline}${outer}` : body
    return { start: container.start + 1, end: container.end - 1, text: inner }
  }
  if (!gap.includes('\n')) {
    const separator = colon === ': ' ? ', ' : ','
    const body = print({ separator, colon, indent: undefined, step: '', newline })
    return { start: last.end, end: last.end, text: separator + body.join(separator) }
  }
  const indent = gap.slice(gap.lastIndexOf('\n') + 1)
  const tail = text.slice(last.end, container.end - 1)
  const outer = tail.slice(tail.lastIndexOf('\n') + 1)
  // Objects that stand on one line each stay so.
  const spread = last.kind !== 'object' || text.slice(last.start, last.end).includes('\n')
  const step = indent.startsWith(outer) && indent.length > outer.length ? indent.slice(outer.length) : '  '
  const separator = `,${newline}${indent}`
  const body = print({ separator, colon, indent: spread ? indent : undefined, step, newline })
  return { start: last.end, end: last.end, text: separator + body.join(separator) }
}

function printed(value: PlainValue, layout: Layout): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const pairs = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}${layout.colon}${JSON.stringify(inner)}`,
  )
  if (layout.indent === undefined) return `{${pairs.join(layout.colon === ': ' ? ', ' : ',')}}`
  const { newline, indent, step } = layout
  return `{${newline}${pairs.map((pair) => `${indent}${step}${pair}`).join(`,${newline}`)}${newline}${indent}}`
}
