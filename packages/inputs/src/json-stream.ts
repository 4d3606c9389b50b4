// JSON files of any length, element by element with flat memory: RFC 8259 grammar, our own scanner; each element is parsePythonJson's.
//
// The scanner only counts brackets and skips strings, so that what nobody asked for costs a table look-up a byte; the bytes
// of a wanted element are parsed whole. Elements that do not parse are reported and passed over; where brackets no
// longer say where the next element begins, a DataError says at which byte. Parts that nobody asked for are checked for
// brackets and quotes alone.
import { messageOf } from '@maskwords/base'
import { parsePythonJson } from '@maskwords/words'
import { type ByteInput, ByteWindow } from './byte-window.ts'
import { DataError } from './error.ts'
import type { DataProblem } from './problem.ts'
import { openTextInput, utf8Text } from './text-input.ts'

/** The limits that hold where nothing is said. */
export const JSON_LIMITS = {
  /** One element in bytes; the largest real ones, pictures of 10,000 outlines, take some 5 MB. */
  elementBytes: 64 * 1024 * 1024,
  /** Brackets inside one element; annotations nest 4 to 8 deep. */
  depth: 64,
  /** One key in bytes. */
  keyBytes: 64 * 1024,
  /** Members of an object on the way to a list; COCO files have five. */
  members: 100_000,
}

/** How large and deep JSON may be. */
export type JsonLimits = typeof JSON_LIMITS

/** How a JSON file is read piece by piece. */
export type JsonStreamOptions = {
  /**
   * Lists to read: names of members joined by `/` (`annotations`, `data/items`), `''` for the document itself. An object
   * in a list's place gives its members, each with its `key`.
   */
  readonly lists: readonly string[]
  /** The file's name in errors and problems. */
  readonly file: string
  readonly onProblem: (problem: DataProblem) => void
  /** Told of each element that is lost, with its text where that was read. */
  readonly onLostElement?: (list: string, text: string | undefined) => void
  readonly signal?: AbortSignal
  /** The file's encoding, where the user chose one (`jsonItems` alone). Default UTF-8, or as its byte order mark says. */
  readonly encoding?: string | undefined
  readonly limits?: Partial<JsonLimits>
}

/** One item of a JSON file that is read piece by piece, with its place. */
export type JsonItem =
  /** A list begins; where the same list begins again (a key that stands twice), the earlier elements no longer count. */
  | { readonly kind: 'start'; readonly list: string; readonly isArray: boolean }
  | {
      readonly kind: 'element'
      readonly list: string
      /** Place in the list from 0, lost elements counted. */
      readonly index: number
      readonly key?: string
      readonly startByte: number
      readonly endByte: number
      readonly value: unknown
    }

/** Bytes between two pauses of the asynchronous reader, so that a program stays responsive while a file is read. */
const BYTES_BETWEEN_PAUSES = 8 * 1024 * 1024

/** Bytes of a long text searched at a time: escapes in it cost at most this much search each. */
const LONG_TEXT_STEP = 4096

const QUOTE = 34
const COMMA = 44
const COLON = 58
const BACKSLASH = 92
const OPEN_LIST = 91
const CLOSE_LIST = 93
const OPEN_OBJECT = 123
const CLOSE_OBJECT = 125
const END = -1

/** 0 for bytes inside a container that need no look, 1 quotes, 2 opening brackets, 3 closing brackets. */
const STRUCTURE = new Uint8Array(256)
STRUCTURE[QUOTE] = 1
STRUCTURE[OPEN_LIST] = STRUCTURE[OPEN_OBJECT] = 2
STRUCTURE[CLOSE_LIST] = STRUCTURE[CLOSE_OBJECT] = 3

/** 1 for bytes that end a number, `true`, `false` or `null`. */
const ENDS_SCALAR = new Uint8Array(256)
for (const byte of [9, 10, 13, 32, QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) {
  ENDS_SCALAR[byte] = 1
}

/**
 * The elements of lists in a JSON file, in file order, with flat memory.
 * @throws DataError `bad-file` with the byte where the structure breaks or the file ends early, `wrong-layout` where the
 * document is no object or list as the lists need it, `io`; the signal's reason where it is aborted.
 */
export async function* jsonItems(path: string, options: JsonStreamOptions): AsyncGenerator<JsonItem> {
  const input = openTextInput(path, options.file, options.encoding)
  try {
    let pauseAt = BYTES_BETWEEN_PAUSES
    const window = new ByteWindow(input, options.file)
    for (const item of scanJson(window, options)) {
      if (window.offset >= pauseAt) {
        pauseAt = window.offset + BYTES_BETWEEN_PAUSES
        await new Promise((resolve) => setImmediate(resolve))
      }
      yield item
    }
  } finally {
    input.close()
  }
}

/** As `jsonItems`, over bytes in memory or any input, without waiting. */
export function jsonItemsOf(input: ByteInput | Uint8Array, options: JsonStreamOptions): Generator<JsonItem> {
  return scanJson(new ByteWindow(input, options.file), options)
}

function* scanJson(window: ByteWindow, options: JsonStreamOptions): Generator<JsonItem> {
  const { file, onProblem } = options
  const limits = { ...JSON_LIMITS, ...options.limits }
  const scanner = new Scanner(window, file, limits, options.signal)
  const wanted = new Set(options.lists)
  const started = new Set<string>()
  const problem = (kind: DataProblem['kind'], message: string, at: number) =>
    onProblem({ kind, message, file, at: `byte ${at}` })

  function* list(name: string): Generator<JsonItem> {
    const isArray = scanner.next() === OPEN_LIST
    if (started.has(name)) {
      problem(
        'duplicate-id',
        `the list "${name}" stands twice in the file; the last one counts`,
        window.offset,
      )
    }
    started.add(name)
    yield { kind: 'start', list: name, isArray }
    scanner.take()
    const close = isArray ? CLOSE_LIST : CLOSE_OBJECT
    let index = 0
    let mayClose = true
    for (;;) {
      const byte = scanner.next()
      if (byte === close) {
        if (!mayClose) problem('bad-field', `"${name}" ends in a comma`, window.offset)
        scanner.take()
        return
      }
      if (byte === COMMA) {
        problem('bad-field', `element ${index} of "${name}" is missing between two commas`, window.offset)
        scanner.take()
        mayClose = false
        index++
        continue
      }
      if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) scanner.fail(`a wrong bracket in "${name}"`)
      const key = isArray ? undefined : scanner.key()
      const element = scanner.element(`element ${key ?? index} of "${name}"`)
      if (element.lost !== undefined) {
        problem('bad-field', `element ${key ?? index} of "${name}" ${element.lost}`, element.startByte)
        options.onLostElement?.(name, element.text)
      } else {
        const { startByte, endByte, value, doubt } = element
        if (doubt !== undefined) {
          const message = `element ${key ?? index} of "${name}" ${doubt}`
          onProblem({ kind: 'bad-field', message, file, at: `byte ${startByte}`, isKept: true })
        }
        yield key === undefined
          ? { kind: 'element', list: name, index, startByte, endByte, value }
          : { kind: 'element', list: name, index, key, startByte, endByte, value }
      }
      index++
      const after = scanner.next()
      mayClose = true
      if (after === COMMA) {
        scanner.take()
        mayClose = false
      } else if (after !== close) {
        if (after === END) scanner.fail(`"${name}"`)
        problem('bad-field', `a comma is missing after element ${index - 1} of "${name}"`, window.offset)
      }
    }
  }

  /** Walks into objects on the way to a list; other values are skipped. */
  function* value(name: string): Generator<JsonItem> {
    const byte = scanner.next()
    const isContainer = byte === OPEN_LIST || byte === OPEN_OBJECT
    const leadsOn =
      byte === OPEN_OBJECT && options.lists.some((other) => other !== '' && isInside(other, name))
    if (wanted.has(name) && isContainer && !leadsOn) return yield* list(name)
    if (!leadsOn) {
      if (wanted.has(name)) {
        problem('bad-field', `"${name}" should be a list, it begins with ${shown(byte)}`, window.offset)
      }
      scanner.skip(`"${name}"`)
      return
    }
    scanner.take()
    const seen = new Set<string>()
    for (let first = true; ; first = false) {
      let next = scanner.next()
      if (next === CLOSE_OBJECT) break
      if (!first) {
        if (next !== COMMA) scanner.fail('a comma or } should follow a member')
        scanner.take()
        next = scanner.next()
        if (next === CLOSE_OBJECT) scanner.fail('an object ends in a comma')
      }
      const key = scanner.key()
      if (seen.has(key) && !wanted.has(memberOf(name, key))) {
        problem('duplicate-id', `the key ${JSON.stringify(key.slice(0, 80))} stands twice`, window.offset)
      }
      seen.add(key)
      if (seen.size > limits.members) scanner.fail(`an object has more than ${limits.members} members`)
      yield* value(memberOf(name, key))
    }
    scanner.take()
  }

  scanner.skipMark()
  const first = scanner.next()
  const rootFits = wanted.has('') || first === OPEN_OBJECT
  if (!rootFits || (first !== OPEN_OBJECT && first !== OPEN_LIST)) {
    const members = options.lists.filter((name) => name !== '').join(', ')
    throw new DataError(
      'wrong-layout',
      first === END
        ? `${file} is empty, wanted JSON`
        : `${file} begins with ${shown(first)}, wanted ${wanted.has('') ? 'a list or object' : `an object with ${members}`}`,
      { file, at: `byte ${window.offset}` },
    )
  }
  yield* value('')
  if (scanner.next() !== END) problem('bad-field', 'more text after the end of the document', window.offset)
}

function memberOf(name: string, key: string): string {
  return name === '' ? key : `${name}/${key}`
}

function isInside(list: string, name: string): boolean {
  return name === '' ? list !== '' : list.startsWith(`${name}/`)
}

function shown(byte: number): string {
  if (byte === END) return 'the end of the file'
  return byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : `byte 0x${byte.toString(16)}`
}

/** `doubt`: what was wrong although the value could be read. */
type Element = {
  startByte: number
  endByte: number
  value?: unknown
  lost?: string
  doubt?: string
  /** Of a lost one. */
  text?: string
}

/** Reads values off a window. Its errors name the byte and what was being read. */
class Scanner {
  private readonly window: ByteWindow
  private readonly file: string
  private readonly limits: JsonLimits
  private readonly signal: AbortSignal | undefined
  /** Open brackets of the value being skipped, as far as the depth limit. */
  private readonly open: Uint8Array

  constructor(window: ByteWindow, file: string, limits: JsonLimits, signal: AbortSignal | undefined) {
    this.window = window
    this.file = file
    this.limits = limits
    this.signal = signal
    this.open = new Uint8Array(limits.depth)
  }

  private refill(): boolean {
    this.signal?.throwIfAborted()
    return this.window.refill()
  }

  fail(what: string): never {
    const { window } = this
    const byte = this.refill() ? window.bytes[window.position]! : END
    throw new DataError(
      'bad-file',
      byte === END
        ? `${this.file} ends at byte ${window.offset} inside ${what}`
        : `${this.file} is no JSON from byte ${window.offset} on: ${what}, found ${shown(byte)}`,
      {
        file: this.file,
        at: `byte ${window.offset}`,
        hint:
          byte === END
            ? 'the file looks cut off: fetch it again and compare its size'
            : 'mend the file there',
      },
    )
  }

  /** A byte order mark is not JSON, but editors write it. */
  skipMark(): void {
    const { window } = this
    this.refill()
    const { bytes, position } = window
    if (bytes[position] === 0xef && bytes[position + 1] === 0xbb && bytes[position + 2] === 0xbf) {
      window.position += 3
    }
  }

  /** The next byte that is no white space, left in place; -1 at the end. */
  next(): number {
    const { window } = this
    for (;;) {
      const { bytes, end } = window
      let { position } = window
      while (position < end) {
        const byte = bytes[position]!
        if (byte !== 32 && byte !== 10 && byte !== 13 && byte !== 9) {
          window.position = position
          return byte
        }
        position++
      }
      window.position = position
      if (!this.refill()) return END
    }
  }

  take(): void {
    this.window.position++
  }

  /** A key and its colon. */
  key(): string {
    const { window } = this
    if (this.next() !== QUOTE) this.fail('a key in quotes should stand here')
    window.keep(this.limits.keyBytes)
    window.position++
    if (!this.skipString()) this.fail('a key')
    const kept = window.kept()
    window.drop()
    if (kept === undefined) this.fail(`a key is longer than ${this.limits.keyBytes} bytes`)
    const decoded = utf8Text(kept, window.offset - kept.length)
    if ('lost' in decoded) this.fail(`a key ${decoded.lost}`)
    let key: unknown
    try {
      key = JSON.parse(decoded.text)
    } catch {
      key = undefined
    }
    if (typeof key !== 'string') this.fail('a key is no valid text')
    if (this.next() !== COLON) this.fail('a colon should follow a key')
    window.position++
    this.next()
    return key
  }

  /** The next value, parsed; or why it is lost. Throws where it does not end. */
  element(what: string): Element {
    const { window, limits } = this
    this.next()
    const startByte = window.offset
    window.keep(limits.elementBytes)
    const broken = this.skip(what)
    const endByte = window.offset
    const kept = window.kept()
    window.drop()
    if (broken !== undefined) {
      return { startByte, endByte, lost: broken, ...(kept && { text: kept.toString('latin1') }) }
    }
    if (kept === undefined) {
      return {
        startByte,
        endByte,
        lost: `takes ${endByte - startByte} bytes, the limit is ${limits.elementBytes}`,
      }
    }
    const decoded = utf8Text(kept, startByte)
    if ('lost' in decoded) return { startByte, endByte, lost: decoded.lost }
    const { text } = decoded
    try {
      const { value, nonNumbers } = parsePythonJson(text)
      if (nonNumbers.length === 0) return { startByte, endByte, value }
      const doubt = `holds ${nonNumbers.join(' and ')}, which Python writes and JSON does not know; read as null`
      return { startByte, endByte, value, doubt }
    } catch (error) {
      return { startByte, endByte, lost: notJson(error), text }
    }
  }

  /** Passes over the next value. Undefined where it looked whole, else what is wrong with it. */
  skip(what: string): string | undefined {
    const { window } = this
    const first = this.next()
    if (first === END) this.fail(what)
    if (first === QUOTE) {
      window.position++
      if (!this.skipString()) this.fail(what)
      return undefined
    }
    if (first === OPEN_LIST || first === OPEN_OBJECT) return this.skipContainer(what)
    for (let any = false; ; ) {
      const { bytes, end } = window
      let { position } = window
      while (position < end && ENDS_SCALAR[bytes[position]!] === 0) position++
      any ||= position > window.position
      window.position = position
      if (position < end || !this.refill()) {
        if (!any) this.fail(`${what}: a value should stand here`)
        return undefined
      }
    }
  }

  private skipContainer(what: string): string | undefined {
    const { window, open } = this
    const startByte = window.offset
    const deepest = open.length
    let depth = 0
    let broken: string | undefined
    for (;;) {
      const { bytes, end } = window
      let { position } = window
      while (position < end && STRUCTURE[bytes[position]!] === 0) position++
      window.position = position
      if (position === end) {
        if (!this.refill()) this.fail(`${what}, which begins at byte ${startByte}`)
        continue
      }
      const byte = bytes[position]!
      const structure = STRUCTURE[byte]!
      if (structure === 1) {
        window.position++
        if (!this.skipString()) this.fail(`a text of ${what}, which begins at byte ${startByte}`)
      } else if (structure === 2) {
        window.position++
        if (depth < deepest) open[depth] = byte
        else broken = `nests deeper than ${deepest} levels`
        depth++
      } else {
        // Brackets deeper than the limit are counted, not compared: the element is lost in any case.
        if (depth <= deepest && open[depth - 1] !== byte - 2) {
          let match = depth - 1
          while (match > 0 && open[match - 1] !== byte - 2) match--
          if (match === 0)
            this.fail(`a bracket of ${what}, which begins at byte ${startByte}, was never closed`)
          broken = `has a wrong bracket at byte ${window.offset}`
          depth = match
        }
        window.position++
        depth--
        if (depth === 0) return broken
      }
    }
  }

  /** From after the opening quote to after the closing one; false where the file ends first. */
  private skipString(): boolean {
    const { window } = this
    for (;;) {
      const { bytes, end } = window
      let { position } = window
      // Most texts are short: a native search costs more than it saves on them.
      const near = Math.min(end, position + 48)
      let byte = 0
      while (position < near && (byte = bytes[position]!) !== QUOTE && byte !== BACKSLASH) position++
      if (position === near && near < end) {
        const far = Math.min(end, position + LONG_TEXT_STEP)
        const quote = bytes.subarray(position, far).indexOf(QUOTE)
        const stop = quote < 0 ? far : position + quote
        const slash = bytes.subarray(position, stop).indexOf(BACKSLASH)
        position = slash < 0 ? stop : position + slash
        byte = position < far ? bytes[position]! : 0
      }
      window.position = position
      if (position === end) {
        if (!this.refill()) return false
      } else if (byte === QUOTE) {
        window.position++
        return true
      } else if (byte === BACKSLASH) {
        window.position++
        if (window.position === end && !this.refill()) return false
        window.position++
      }
    }
  }
}

/** What to say of an element that is no JSON. */
function notJson(error: unknown): string {
  return `is no JSON: ${messageOf(error).slice(0, 120)}`
}
