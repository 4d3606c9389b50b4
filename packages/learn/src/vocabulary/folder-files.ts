// Files of a model's folder: their bytes within a limit, their text, and tables of words and ids in them.
import { readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { LearnError } from '../error.ts'
import type { StatedToken } from './given-ids.ts'
import { type JsonNode, type JsonSource, MAX_JSON_BYTES, parseJsonSource, quoted } from './json-source.ts'

/** A JSON file of a folder, or undefined where it is not there. Throws LearnError `malformed`, `too-large`, `io`. */
export async function readJsonFile(folder: string, name: string): Promise<JsonSource | undefined> {
  const path = join(folder, name)
  const text = await readTextFile(path)
  return text === undefined ? undefined : parseJsonSource(text, path)
}

/** The text of a small file, or undefined where it is not there. Throws LearnError `malformed`, `too-large`, `io`. */
export async function readTextFile(path: string): Promise<string | undefined> {
  const bytes = await readSmallFile(path)
  if (bytes === undefined) return undefined
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new LearnError('malformed', 'this is not UTF-8 text', { file: path, cause })
  }
  if (text.startsWith('version https://git-lfs')) {
    throw new LearnError('malformed', 'this is a Git LFS pointer, not the file itself', {
      file: path,
      hint: 'run git lfs pull in the repository, or download the file from its page',
    })
  }
  return text
}

export async function readSmallFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path)
    if (size > MAX_JSON_BYTES) {
      throw new LearnError('too-large', `${size} bytes; the limit is ${MAX_JSON_BYTES}`, { file: path })
    }
    return await readFile(path)
  } catch (cause) {
    if (cause instanceof LearnError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new LearnError('io', `cannot be read: ${message}`, { file: path, cause })
  }
}

/** Words with their ids in an object `{word: id}`, each with its place in the file. */
export function idsOfObject(
  source: JsonSource,
  node: JsonNode = source.root,
  path = '',
): (StatedToken & { readonly place: string })[] {
  if (node.kind !== 'object') throw malformed(source.file, path || 'the top level', 'is no object')
  return [...node.entries].map(([word, value]) => {
    const place = `${path}[${quoted(word)}]`
    return { word, id: idOfNode(value, source.file, place), place }
  })
}

export function idOfNode(node: JsonNode | undefined, file: string, place: string): number {
  if (node?.kind === 'number' && Number.isInteger(node.value) && node.value >= 0 && node.value < 2 ** 31) {
    return node.value
  }
  const got = node === undefined ? 'missing' : node.kind === 'number' ? String(node.value) : `a ${node.kind}`
  throw new LearnError('malformed', `the token id is ${got}, not a whole number below 2^31`, {
    file,
    at: place,
  })
}

export function textOf(node: JsonNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined
}

export function malformed(file: string, place: string, what: string): LearnError {
  return new LearnError('malformed', `${place} ${what}`, { file, at: place })
}
