// The words that are added to a tokenizer: one of the three mask vocabularies by its short name, or a list in a file.
import {
  getokVocabulary,
  himtokVocabulary,
  samtokVocabulary,
  type Vocabulary,
  WordsError,
  wordsOf,
} from '@maskwords/words'
import { LearnError } from '../error.ts'
import { quoted } from './json-source.ts'

export type WordSet = {
  /** `samtok-256x2`, `himtok-1024`, `getok-n32`, or the name of the file. */
  readonly name: string
  /** In the order in which they get ids. */
  readonly words: readonly string[]
  readonly vocabulary: Vocabulary | undefined
}

/** Most words of a list. The largest published mask vocabulary (VQ-65536) has 65,538. */
export const MAX_NEW_WORDS = 2 ** 20 + 2
/** Longest word of a list, in UTF-16 units. Published mask words have at most 14. */
export const MAX_WORD_LENGTH = 128

/**
 * The mask vocabulary of a short name: `samtok-KxD` (K codes a level, D levels), `himtok-N` (N codes), `getok-nN` (N x N grid).
 * Undefined where the text is no such name. Throws LearnError `bad-option` for sizes out of range.
 */
export function wordSetOfName(name: string): WordSet | undefined {
  const samtok = /^samtok-(\d{1,7})x(\d{1,3})$/.exec(name)
  const himtok = /^himtok-(\d{1,7})$/.exec(name)
  const getok = /^getok-n(\d{1,5})$/.exec(name)
  try {
    const vocabulary =
      samtok !== null
        ? samtokVocabulary({ codesPerLevel: Number(samtok[1]), levels: Number(samtok[2]) })
        : himtok !== null
          ? himtokVocabulary({ codes: Number(himtok[1]) })
          : getok !== null
            ? getokVocabulary({ gridSize: Number(getok[1]) })
            : undefined
    return vocabulary && { name, words: wordsOf(vocabulary), vocabulary }
  } catch (error) {
    if (!(error instanceof WordsError)) throw error
    throw new LearnError('bad-option', `${name}: ${error.message}`, { cause: error })
  }
}

/**
 * The words of a text file, one a line, or of a JSON array of strings. Throws LearnError `malformed` for empty, repeated or overlong
 * words and for blanks or control characters in them, `too-large` for more than MAX_NEW_WORDS.
 */
export function wordSetOfText(text: string, file: string): WordSet {
  const words = text.trimStart().startsWith('[') ? wordsOfJson(text, file) : wordsOfLines(text)
  if (words.length === 0) throw new LearnError('malformed', 'there are no words in this file', { file })
  if (words.length > MAX_NEW_WORDS) {
    throw new LearnError('too-large', `${words.length} words; the limit is ${MAX_NEW_WORDS}`, { file })
  }
  const lineOf = new Map<string, number>()
  for (const [i, word] of words.entries()) {
    const fail = (what: string): never => {
      throw new LearnError('malformed', `word ${i + 1} ${what}`, {
        file,
        at: `word ${i + 1}`,
        hint: 'one word a line, without blanks, each once',
      })
    }
    if (word === '') fail('is empty')
    if (word.length > MAX_WORD_LENGTH) fail(`has ${word.length} characters; the limit is ${MAX_WORD_LENGTH}`)
    if (/[\s\p{C}]/u.test(word)) fail(`${quoted(word)} holds blanks or characters that cannot be seen`)
    if (word.normalize('NFC') !== word) fail(`${quoted(word)} is not in Unicode normal form C`)
    const before = lineOf.get(word)
    if (before !== undefined) fail(`${quoted(word)} is word ${before + 1} already`)
    lineOf.set(word, i)
  }
  return { name: file, words, vocabulary: undefined }
}

function wordsOfLines(text: string): string[] {
  const lines = text.split(/\r?\n/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function wordsOfJson(text: string, file: string): string[] {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new LearnError('malformed', 'the list of words is not valid JSON', { file, cause })
  }
  if (!Array.isArray(value) || !value.every((word) => typeof word === 'string')) {
    throw new LearnError('malformed', 'the JSON is not a list of strings', { file })
  }
  return value
}
