// Types of tokens in GGUF files. llama.cpp's converter makes every `<|...|>` a control token, whatever the tokenizer says, and control tokens
// are left out of answers: mask words must be user-defined. Types: llama.cpp, `llama_token_type` (include/llama.h); rule:
// `does_token_look_special` and `get_vocab_base` of convert_hf_to_gguf.py.
import { constants } from 'node:fs'
import { copyFile, type FileHandle, link, open, realpath, rename, rm, stat } from 'node:fs/promises'
import { basename } from 'node:path'
import { copyWhole, openFileBytes, temporaryBeside } from '@maskwords/checkpoint'
import { wordAt } from '@maskwords/words'
import { LearnError } from '../error.ts'
import { maskWordsOf } from '../vocabulary/mask-words.ts'
import { type GgufHead, readGgufHead } from './gguf.ts'
import { type Change, ioError, journalOf, readJournal, writeJournal } from './journal.ts'
import { allParts, outputParts, partOf, partPath } from './parts.ts'

export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const
export const TOKEN_TYPE_NAMES: readonly string[] = [
  'undefined',
  'normal',
  'unknown',
  'control',
  'user-defined',
  'unused',
  'byte',
]

export type MaskTokenTypes = {
  readonly file: string
  readonly architecture: string | undefined
  readonly tokenCount: number
  /** Files that the model is split into; this is the first one. */
  readonly parts: number
  readonly vocabularies: readonly ('samtok' | 'himtok' | 'getok')[]
  /** Mask words in the order of their ids. */
  readonly words: readonly {
    readonly id: number
    readonly word: string
    readonly type: number
    readonly byteOffset: number
  }[]
  /** How many mask words have each type. */
  readonly countOfType: ReadonlyMap<number, number>
}

/**
 * The mask words of a GGUF file (SAMTok, HiMTok, GETok) with their types. Throws LearnError `missing` where it has no tokenizer or no mask words,
 * and as `readGgufHead`.
 */
export async function readMaskTokenTypes(path: string): Promise<MaskTokenTypes> {
  const source = await openFileBytes(path)
  try {
    return maskTokenTypes(await readGgufHead(source, path), path)
  } finally {
    await source.close()
  }
}

/** As `readMaskTokenTypes`, of a head that is read already. */
export function maskTokenTypes(head: GgufHead, file: string): MaskTokenTypes {
  const { tokens, tokenTypes } = head
  const part = partOf(head, file)
  if (part.number > 0) {
    const first = partPath(file, 0)
    throw new LearnError(
      'missing',
      `this is part ${part.number + 1} of ${part.count}, which has no tokenizer`,
      {
        file,
        hint: `the tokenizer is in the first part: ${first === undefined ? 'the one named ...-00001-of-...' : basename(first)}`,
      },
    )
  }
  if (tokens === undefined || tokenTypes === undefined) {
    throw new LearnError(
      'missing',
      `the file has no tokenizer.ggml.${tokens === undefined ? 'tokens' : 'token_type'}`,
      {
        file,
        hint: 'is this the vision part (mmproj)? The tokenizer is in the file of the language model',
      },
    )
  }
  const found = new Map<number, string>()
  const kinds: MaskTokenTypes['vocabularies'][number][] = []
  const reading = maskWordsOf(
    tokens.map((content, id) => ({ content, id })),
    file,
  )
  if (reading === undefined) {
    throw new LearnError('missing', `no mask words among the ${tokens.length} tokens`, {
      file,
      hint: 'convert a model whose vocabulary has them: maskwords extend-vocab, then train, then convert',
    })
  }
  for (const vocabulary of reading.vocabularies) {
    kinds.push(vocabulary.kind)
    vocabulary.tokenIds!.ofWord.forEach((id, k) => {
      if (id >= 0) found.set(id, wordAt(vocabulary, k))
    })
  }
  const countOfType = new Map<number, number>()
  const words = [...found]
    .sort((a, b) => a[0] - b[0])
    .map(([id, word]) => {
      const type = tokenTypes.values[id]!
      countOfType.set(type, (countOfType.get(type) ?? 0) + 1)
      return { id, word, type, byteOffset: tokenTypes.byteOffset + 4 * id }
    })
  const architecture = head.values.get('general.architecture')
  return {
    file,
    architecture: typeof architecture === 'string' ? architecture : undefined,
    tokenCount: tokens.length,
    parts: part.count,
    vocabularies: kinds,
    words,
    countOfType,
  }
}

export type PatchResult = {
  readonly file: string
  /** Words whose type was changed. */
  readonly changed: number
  readonly words: number
  /** The journal that can take the patch back; in place only. */
  readonly journal: string | undefined
  /** Files that the model is split into. */
  readonly parts: number
}

/**
 * Makes all mask words of `path` user-defined in a copy, `output`: whole or not at all. Only the 4 bytes of each changed type differ.
 * Of a split file (`path` is its first part) all parts are written under the names that llama.cpp looks for; the others are hard links
 * where the disk allows it, and the patched one comes last; those that a killed run has made already are taken. Throws LearnError `exists` where an output is there, `missing` for a part,
 * `io`, and as `readMaskTokenTypes`.
 */
export async function patchTokenTypesCopy(
  path: string,
  output: string,
  signal?: AbortSignal,
): Promise<PatchResult> {
  const found = await readMaskTokenTypes(path)
  const parts = found.parts === 1 ? [path] : await allParts(path, found.parts)
  const outputs = found.parts === 1 ? [output] : outputParts(output, found.parts)
  const there = new Set<string>()
  for (const [k, file] of outputs.entries()) {
    if ((await stat(file).catch(() => undefined)) === undefined) continue
    if (k > 0 && (await haveSameBytes(parts[k]!, file, signal))) {
      there.add(file)
      continue
    }
    throw new LearnError('exists', 'the output is there already', { file, hint: 'name a new file' })
  }
  const [file] = outputs as [string]
  const temporary = temporaryBeside(file)
  const made: string[] = []
  try {
    signal?.throwIfAborted()
    await copyFile(path, temporary, constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL)
    const changed = await writeTypes(temporary, changesOf(found))
    for (const [k, part] of parts.entries()) {
      signal?.throwIfAborted()
      if (k === 0 || there.has(outputs[k]!)) continue
      await linkOrCopy(part, outputs[k]!)
      made.push(outputs[k]!)
    }
    signal?.throwIfAborted()
    await rename(temporary, file)
    return { file, changed, words: found.words.length, journal: undefined, parts: found.parts }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') await rm(temporary, { force: true })
    for (const one of made) await rm(one, { force: true })
    throw ioError(error, output)
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  // Hub caches hold links: the name must lead to the bytes themselves, wherever the cache goes.
  await link(await realpath(from), to).catch(async (error: NodeJS.ErrnoException) => {
    if (error.code === 'EEXIST') throw error
    await copyWhole(from, to)
  })
}

async function haveSameBytes(a: string, b: string, signal: AbortSignal | undefined): Promise<boolean> {
  const [one, other] = [await stat(a), await stat(b)]
  if (one.ino === other.ino && one.dev === other.dev) return true
  if (one.size !== other.size) return false
  const [left, right] = [await openFileBytes(a), await openFileBytes(b)]
  try {
    for (let at = 0; at < one.size; at += COMPARED_BYTES) {
      signal?.throwIfAborted()
      const length = Math.min(COMPARED_BYTES, one.size - at)
      if (Buffer.compare(await left.read(at, length), await right.read(at, length)) !== 0) return false
    }
    return true
  } finally {
    await left.close()
    await right.close()
  }
}

const COMPARED_BYTES = 16 * 2 ** 20

/**
 * Makes all mask words user-defined in the file itself. The old bytes are written to a journal beside it and flushed before the first byte
 * changes: `restoreTokenTypes` takes the patch back, and a patch that was cut off can simply be done again. Throws as the copy does.
 */
export async function patchTokenTypesInPlace(path: string): Promise<PatchResult> {
  const found = await readMaskTokenTypes(path)
  const changes = changesOf(found)
  const journal = journalOf(path)
  if (changes.length === 0)
    return { file: path, changed: 0, words: found.words.length, journal: undefined, parts: found.parts }
  try {
    await writeJournal(path, journal, changes)
    const changed = await writeTypes(path, changes)
    return { file: path, changed, words: found.words.length, journal, parts: found.parts }
  } catch (error) {
    throw ioError(error, path)
  }
}

/**
 * Takes an in-place patch back from its journal, and removes the journal. Throws LearnError `missing` where there is none, `malformed` or
 * `mismatch` where it does not belong to this file.
 */
export async function restoreTokenTypes(path: string): Promise<PatchResult> {
  const journal = journalOf(path)
  const found = await readMaskTokenTypes(path)
  const old = await readJournal(path, journal)
  const places = new Map(found.words.map((word) => [word.byteOffset, word]))
  const changes: Change[] = []
  for (const { byteOffset, from } of old) {
    const word = places.get(byteOffset)
    if (word === undefined || (word.type !== TOKEN_TYPE.userDefined && word.type !== from)) {
      throw new LearnError('mismatch', `byte ${byteOffset} of the journal is no mask word that was patched`, {
        file: journal,
        hint: 'the journal belongs to another file: remove it, or bring the file back it was made for',
      })
    }
    if (word.type !== from) changes.push({ byteOffset, from: word.type, to: from })
  }
  try {
    const changed = await writeTypes(path, changes)
    await rm(journal)
    return { file: path, changed, words: found.words.length, journal: undefined, parts: found.parts }
  } catch (error) {
    throw ioError(error, path)
  }
}

function changesOf(found: MaskTokenTypes): Change[] {
  return found.words
    .filter((word) => word.type !== TOKEN_TYPE.userDefined)
    .map(({ byteOffset, type }) => ({ byteOffset, from: type, to: TOKEN_TYPE.userDefined }))
}

/** Writes each type after looking that the old one is there. Returns how many were written. */
async function writeTypes(path: string, changes: readonly Change[]): Promise<number> {
  const handle = await open(path, 'r+')
  try {
    for (const change of changes) await writeType(handle, change, path)
    await handle.sync()
  } finally {
    await handle.close()
  }
  return changes.length
}

async function writeType(handle: FileHandle, change: Change, file: string): Promise<void> {
  const { byteOffset, from, to } = change
  const bytes = Buffer.alloc(4)
  await handle.read(bytes, 0, 4, byteOffset)
  if (bytes.readInt32LE() !== from) {
    throw new LearnError('mismatch', `the file changed while it was patched`, { file, at: byteOffset })
  }
  bytes.writeInt32LE(to)
  await handle.write(bytes, 0, 4, byteOffset)
}
