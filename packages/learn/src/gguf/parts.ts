// Split GGUF files: the tokenizer is in the first part, and llama.cpp finds the others by their names.
// Format: llama.cpp, `llama_split_path` (`NAME-%05d-of-%05d.gguf`, from 1) and the keys `split.no` (from 0), `split.count`.
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { LearnError } from '../error.ts'
import type { GgufHead } from './gguf.ts'

const PART_NAME = /^(.*)-(\d{5})-of-(\d{5})\.gguf$/

/** Which part of how many a file is, from 0; `{ number: 0, count: 1 }` where it is not split. Throws LearnError `malformed`. */
export function partOf(head: GgufHead, file: string): { readonly number: number; readonly count: number } {
  const number = Number(head.values.get('split.no') ?? 0)
  const count = Number(head.values.get('split.count') ?? 0)
  if (count <= 1) return { number: 0, count: 1 }
  if (!Number.isInteger(number) || number < 0 || number >= count || count > 65_535) {
    throw new LearnError('malformed', `this is part ${number + 1} of ${count}`, { file, at: 'split.no' })
  }
  return { number, count }
}

/** The name of part `number` (from 0) beside `file`; undefined where `file` is not named as llama.cpp names parts. */
export function partPath(file: string, number: number): string | undefined {
  const match = PART_NAME.exec(basename(file))
  if (match === null) return undefined
  return join(dirname(file), `${match[1]}-${String(number + 1).padStart(5, '0')}-of-${match[3]}.gguf`)
}

/** The names that a copy of all parts gets: `output` is a name of the first part, or `NAME.gguf` for `NAME-00001-of-0000N.gguf`. */
export function outputParts(output: string, count: number): string[] {
  const stem = PART_NAME.exec(basename(output))?.[1] ?? basename(output).replace(/\.gguf$/, '')
  const of = String(count).padStart(5, '0')
  return Array.from({ length: count }, (_, k) =>
    join(dirname(output), `${stem}-${String(k + 1).padStart(5, '0')}-of-${of}.gguf`),
  )
}

/** Paths of all parts of a split file whose first one is `file`. Throws LearnError `missing` for a part that is not there. */
export async function allParts(file: string, count: number): Promise<string[]> {
  const parts: string[] = []
  for (let number = 0; number < count; number++) {
    const path = number === 0 ? file : partPath(file, number)
    if (path === undefined || (await stat(path).catch(() => undefined)) === undefined) {
      throw new LearnError('missing', `part ${number + 1} of ${count} is not there`, {
        file: path ?? file,
        hint: 'llama.cpp loads all parts by their names, NAME-00001-of-0000N.gguf: fetch the others into the same folder, or patch this one with --in-place',
      })
    }
    parts.push(path)
  }
  return parts
}
