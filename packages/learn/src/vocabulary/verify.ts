// The proof that a folder's tokenizer knows words: each is one token wherever it stands, and comes back from its id. Done with the
// second tokenizer, on the files as they were written.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { LearnError } from '../error.ts'
import { type SecondTokenizer, secondTokenizer } from './second-tokenizer.ts'

export type VocabularyCheck = {
  /** Words that were looked for, each in every context. */
  readonly words: number
  readonly contexts: number
  /** Whether text around the words was tokenised and decoded too; without, only the words were. */
  readonly wholeText: boolean
  readonly reason: string | undefined
  /** Whether decoded text has a blank after each word that was not written: Llama 2's tokenizer does that to every added token. */
  readonly blankAfter: boolean
  readonly failures: readonly VocabularyFailure[]
  readonly failureCount: number
}

export type VocabularyFailure = { readonly word: string; readonly text: string; readonly problem: string }

/** What stands before and after a word: nothing, words, blanks, punctuation, brackets, digits, other scripts, line ends. */
const CONTEXTS: readonly (readonly [before: string, after: string])[] = [
  ['', ''],
  ['It is ', '.'],
  ['a', 'b'],
  ['1', '2'],
  [' ', ' '],
  ['("', '");'],
  ['{"mask_2d": "', '"}'],
  ['<', '>'],
  ['|', '|'],
  ['\n', '\n\n'],
  ['掩码', '，'],
  ['é', '🙂'],
]

const MAX_FAILURES = 20

/**
 * Encodes each word in each context, all words in a row, and decodes. `ids[i]` is the id that word i must have. Failures are listed,
 * at most 20 of them.
 */
export function checkWords(
  tokenizer: SecondTokenizer,
  words: readonly string[],
  ids: readonly number[],
): VocabularyCheck {
  const failures: VocabularyFailure[] = []
  let failureCount = 0
  const fail = (word: string, text: string, problem: string): void => {
    failureCount++
    if (failures.length < MAX_FAILURES) failures.push({ word, text, problem })
  }
  const { wholeText } = tokenizer
  const around = CONTEXTS.map(([before, after]) => {
    const [left, right] = [tokenizer.encode(before), tokenizer.encode(after, { inside: true })]
    // SentencePiece-like tokenizers do not give every text back as it was: then the words alone are compared.
    const exact = wholeText && tokenizer.decode(left) === before && tokenizer.decode(right) === after
    return { left, right, exact }
  })
  let blankAfter = false
  words.forEach((word, i) => {
    const id = ids[i]!
    CONTEXTS.forEach(([before, after], k) => {
      const text = before + word + after
      const got = tokenizer.encode(text)
      const { left, right, exact } = around[k]!
      const wanted = [...left, id, ...right]
      if (!sameIds(got, wanted)) {
        fail(word, text, `encodes to ${got.slice(0, 12).join(' ')}, wanted ${wanted.join(' ')}`)
      } else if (wholeText) {
        const back = tokenizer.decode(got)
        if (back === text) return
        if (back.includes(word) && (!exact || withoutBlanks(back) === withoutBlanks(text)))
          blankAfter ||= back.includes(`${word} `) && !text.includes(`${word} `)
        else fail(word, text, `decodes to ${JSON.stringify(back.slice(0, 80))}`)
      }
    })
    for (const skipSpecial of [false, true]) {
      const alone = tokenizer.decode([id], { skipSpecial })
      if (alone !== word) {
        fail(
          word,
          word,
          `the id ${id} decodes to ${JSON.stringify(alone)}${skipSpecial ? ' where special tokens are skipped' : ''}`,
        )
      }
    }
  })
  const row = words.join('')
  if (!sameIds(tokenizer.encode(row), ids)) fail(words[0]!, 'all words in a row', 'is not one id a word')
  else if (tokenizer.decode(ids) !== row)
    fail(words[0]!, 'all words in a row', 'does not decode to the same text')
  return {
    words: words.length,
    contexts: CONTEXTS.length,
    wholeText,
    reason: tokenizer.reason,
    blankAfter,
    failures,
    failureCount,
  }
}

/** The second tokenizer of a folder's `tokenizer.json`; undefined where the folder has none. Throws LearnError `malformed`. */
export async function openSecondTokenizer(folder: string): Promise<SecondTokenizer | undefined> {
  const file = join(folder, 'tokenizer.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new LearnError('io', `cannot be read: ${(cause as Error).message}`, { file, cause })
  }
  try {
    return secondTokenizer(JSON.parse(text))
  } catch (cause) {
    if (cause instanceof LearnError) throw cause
    throw new LearnError('malformed', `cannot be read by the second tokenizer: ${(cause as Error).message}`, {
      file,
      cause,
    })
  }
}

const withoutBlanks = (text: string): string => text.replace(/\s/gu, '')

function sameIds(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i])
}
