// JSON lines, and whole JSON files of one picture: bounded in size and depth, a bad line is lost alone (jsonlines.org; RFC 8259).
import { messageOf } from '@maskwords/base'
import { parseExactJson } from '@maskwords/words'
import { ByteWindow } from './byte-window.ts'
import { DataError } from './error.ts'
import { JSON_LIMITS } from './json-stream.ts'
import type { DataProblem } from './problem.ts'
import { openTextInput, readText, utf8Text } from './text-input.ts'

/** How a file of JSON Lines is read. */
export type JsonLinesOptions = {
  /** The file's name in errors and problems. */
  readonly file: string
  readonly onProblem: (problem: DataProblem) => void
  readonly signal?: AbortSignal
  /** Longest line. Default 64 MiB. */
  readonly maxLineBytes?: number
  /** The file's encoding, where the user chose one. Default UTF-8, or as its byte order mark says. */
  readonly encoding?: string | undefined
}

/** The value of one line; lines count from 1. */
export type JsonLine = { readonly line: number; readonly startByte: number; readonly value: unknown }

/** Largest JSON file that is read whole (one picture's annotation); the largest published ones take 10 MB. */
const MAX_WHOLE_FILE_BYTES = 256 * 1024 * 1024

const LINES_BETWEEN_PAUSES = 4096
const NEW_LINE = 10

/**
 * The values of a file of JSON lines. Blank lines are passed over; lines that are no JSON, too long or too deep are
 * reported and lost. Throws DataError `io`, and the signal's reason where it is aborted.
 */
export async function* jsonLines(path: string, options: JsonLinesOptions): AsyncGenerator<JsonLine> {
  const { file, onProblem, signal, maxLineBytes = JSON_LIMITS.elementBytes } = options
  const input = openTextInput(path, file, options.encoding)
  try {
    const window = new ByteWindow(input, file)
    for (let line = 1; window.refill(); line++) {
      if (line % LINES_BETWEEN_PAUSES === 0) {
        signal?.throwIfAborted()
        await new Promise((resolve) => setImmediate(resolve))
      }
      const startByte = window.offset
      window.keep(maxLineBytes)
      for (;;) {
        const found = window.bytes.subarray(window.position, window.end).indexOf(NEW_LINE)
        window.position = found < 0 ? window.end : window.position + found
        if (found >= 0 || !window.refill()) break
        signal?.throwIfAborted()
      }
      const kept = window.kept()
      const decoded = kept === undefined ? undefined : utf8Text(kept, startByte)
      window.drop()
      window.position = Math.min(window.position + 1, window.end)
      const lost = (message: string) =>
        onProblem({ kind: 'bad-field', message: `line ${line} ${message}`, file, at: `line ${line}` })
      const text = decoded !== undefined && 'text' in decoded ? decoded.text.trim() : undefined
      if (decoded === undefined) {
        lost(`is longer than ${maxLineBytes} bytes`)
      } else if (text === undefined) {
        lost('lost' in decoded ? decoded.lost : '')
      } else if (text !== '' && text !== '\uFEFF') {
        const parsed = parseBounded(text)
        if ('lost' in parsed) lost(parsed.lost)
        else yield { line, startByte, value: parsed.value }
      }
    }
  } finally {
    input.close()
  }
}

/** Reads a small JSON file whole. Throws DataError `bad-file`, `too-large`, `io`. */
export function readJsonFile(
  path: string,
  file: string,
  options: { readonly maxBytes?: number; readonly encoding?: string | undefined } = {},
): unknown {
  const { maxBytes = MAX_WHOLE_FILE_BYTES, encoding } = options
  const parsed = parseBounded(readText(path, file, { maxBytes, encoding }))
  if ('lost' in parsed) throw new DataError('bad-file', `${file} ${parsed.lost}`, { file })
  return parsed.value
}

/** The value of a JSON text, long whole numbers exact, that nests at most as deep as JSON_LIMITS says. */
export function parseBounded(text: string): { readonly value: unknown } | { readonly lost: string } {
  if (text.charCodeAt(0) === 0xfeff) text = text.slice(1)
  if (isDeep(text)) return { lost: `nests deeper than ${JSON_LIMITS.depth} levels` }
  try {
    return { value: parseExactJson(text) }
  } catch (error) {
    return { lost: `is no JSON: ${messageOf(error).slice(0, 120)}` }
  }
}

function isDeep(text: string): boolean {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code === 34) {
      for (i++; i < text.length && text.charCodeAt(i) !== 34; i++) if (text.charCodeAt(i) === 92) i++
    } else if (code === 91 || code === 123) {
      if (++depth > JSON_LIMITS.depth) return true
    } else if (code === 93 || code === 125) depth--
  }
  return false
}
