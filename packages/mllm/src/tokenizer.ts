// A model's tokenizer (tokenizer.json through @huggingface/tokenizers), its mask words, and text that grows token by token.
import { Tokenizer } from '@huggingface/tokenizers'
import type { Vocabulary } from '@maskwords/words'
import { readTokenizer, WordsError } from '@maskwords/words'
import { MllmError } from './error.ts'
import type { ModelFolder } from './folder.ts'

export type ModelTokenizer = {
  /** Ids of a text; words like <|im_start|> in it become their ids, as with transformers. */
  encode(text: string): number[]
  /** Text of ids, special words included unless told otherwise; ids without text are left out. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string
  idOf(word: string): number | undefined
  /** The word of an id as it stands in the vocabulary; undefined beyond it. */
  wordOf(id: number): string | undefined
  /** Mask languages among its words, with ids; and what is odd about them. */
  readonly vocabularies: readonly Vocabulary[]
  readonly notes: readonly string[]
}

/**
 * Opens the tokenizer of a model's folder.
 * @throws MllmError `not-found`, `damaged`.
 */
export async function openTokenizer(folder: ModelFolder): Promise<ModelTokenizer> {
  const json = await folder.json('tokenizer.json')
  if (json === undefined) {
    throw new MllmError('not-found', `${folder.path}: no tokenizer.json`, {
      hint: 'in Python: AutoTokenizer.from_pretrained(folder).save_pretrained(folder)',
    })
  }
  let tokenizer: Tokenizer
  try {
    tokenizer = new Tokenizer(json as object, ((await folder.json('tokenizer_config.json')) ?? {}) as object)
  } catch (cause) {
    throw new MllmError('damaged', `${folder.path}/tokenizer.json: ${(cause as Error).message}`, { cause })
  }
  const { vocabularies, notes } = maskVocabularies(json)
  const wordOf = (id: number) => tokenizer.id_to_token(id)
  return {
    encode: (text) =>
      text === '' ? [] : Array.from(tokenizer.encode(text, { add_special_tokens: false }).ids, Number),
    decode(ids, { skipSpecial = false } = {}) {
      const known = ids.filter((id) => wordOf(id) !== undefined)
      if (known.length === 0) return ''
      return tokenizer.decode(known, {
        skip_special_tokens: skipSpecial,
        clean_up_tokenization_spaces: false,
      })
    },
    idOf: (word) => tokenizer.token_to_id(word),
    wordOf,
    vocabularies,
    notes,
  }
}

function maskVocabularies(json: unknown): { vocabularies: readonly Vocabulary[]; notes: string[] } {
  try {
    const reading = readTokenizer(json)
    return { vocabularies: reading.vocabularies, notes: reading.warnings.map(({ message }) => message) }
  } catch (error) {
    if (error instanceof WordsError && error.code === 'not-found') return { vocabularies: [], notes: [] }
    if (error instanceof WordsError) {
      throw new MllmError('damaged', error.message, {
        cause: error,
        ...(error.hint ? { hint: error.hint } : {}),
      })
    }
    throw error
  }
}

/** What stands for bytes that are not yet a whole character. */
const INCOMPLETE = '�'

/** Ids kept back at most; no character has more bytes than this many tokens can have. */
const MAX_HELD = 8

/** Text of ids that come one by one: only whole characters come out. */
export type TextGrowth = {
  /** The text that this id completes; '' where it only begins or continues a character. */
  push(id: number): string
  /** What is left when nothing more comes. */
  end(): string
}

export function growText(tokenizer: Pick<ModelTokenizer, 'decode'>): TextGrowth {
  let held: number[] = []
  const flush = (): string => {
    const text = tokenizer.decode(held)
    held = []
    return text
  }
  return {
    push(id) {
      held.push(id)
      const text = tokenizer.decode(held)
      if (text.endsWith(INCOMPLETE) && held.length < MAX_HELD) return ''
      return flush()
    },
    end: flush,
  }
}
