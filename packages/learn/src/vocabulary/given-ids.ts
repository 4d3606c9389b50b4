// The ids that tokenizers give, against those that a folder's files state. A file's number is a wish: `tokenizers` (AddedVocabulary::add_tokens)
// numbers added tokens anew in the order of the list, transformers 5 (PreTrainedTokenizerBase._from_pretrained, TokenizersBackend.__init__) in the
// order of its own table, and tokens that only one of the files knows move all that come after them.
import { quoted } from './json-source.ts'

/** What the files of one tokenizer state, apart from each other. */
export type StatedTokens = {
  /** The base vocabulary. */
  readonly model: ReadonlyMap<string, number>
  /** `added_tokens` of `tokenizer.json`, in the order of the list; undefined for slow tokenizers. */
  readonly listed: readonly StatedToken[] | undefined
  /** `added_tokens_decoder` of `tokenizer_config.json`. */
  readonly decoder: readonly StatedToken[] | undefined
  /** `added_tokens.json`. */
  readonly addedFile: readonly StatedToken[] | undefined
  /** Tokens that are named for a purpose (`pad_token`, `additional_special_tokens`), with the file that names them. */
  readonly named: readonly { readonly word: string; readonly key: string; readonly file: string }[]
}

export type StatedToken = { readonly word: string; readonly id: number }

/** Files that give one token two ids, or ids that no file states. */
export type Contradiction = { readonly problem: string; readonly file: string }

const LISTED = 'tokenizer.json'
const DECODER = 'tokenizer_config.json'
const ADDED = 'added_tokens.json'

/**
 * What the files of one tokenizer say against each other, by giving ids as `tokenizers` and transformers do. Empty where every reader gives
 * every token the id that is stated, so that new words get the ids after the highest one.
 */
export function contradictionsOf(stated: StatedTokens): Contradiction[] {
  const { model, listed, decoder, addedFile, named } = stated
  const found: Contradiction[] = []
  const places: readonly [string, readonly StatedToken[] | undefined][] = [
    [LISTED, listed],
    [DECODER, decoder],
    [ADDED, addedFile],
  ]
  const given = givenIds(model, listed ?? decoder ?? addedFile ?? [])
  const first = places.find(([, tokens]) => tokens !== undefined)?.[0] ?? LISTED

  // A token that a second file has and the first has not gets an id from some readers only.
  for (const [file, tokens] of places) {
    const unknown = (tokens ?? []).filter(({ word }) => !given.has(word))
    if (unknown.length === 0) continue
    const { word, id } = unknown[0]!
    found.push({
      problem: `${file} has ${quoted(word)} with the id ${id}, ${first} does not have it${more(unknown)}`,
      file,
    })
  }
  // transformers builds tokenizers of known families from the table alone, where there is one.
  if (decoder !== undefined) {
    const inTable = new Set(decoder.map(({ word }) => word))
    const lost = [...(listed ?? []), ...(listed === undefined ? (addedFile ?? []) : [])].filter(
      ({ word }) => !model.has(word) && !inTable.has(word),
    )
    if (lost.length > 0) {
      const { word, id } = lost[0]!
      const file = listed === undefined ? ADDED : LISTED
      found.push({
        problem: `${file} has ${quoted(word)} with the id ${id}, added_tokens_decoder of ${DECODER} does not have it${more(lost)}`,
        file: DECODER,
      })
    }
  }
  if (found.length > 0) return found

  const readers: readonly [string, string, readonly StatedToken[] | undefined][] = [
    ['tokenizers', LISTED, listed],
    [
      'transformers',
      decoder === undefined ? LISTED : DECODER,
      sortedById(decoder ?? listed ?? addedFile ?? []),
    ],
  ]
  for (const [reader, file, tokens] of readers) {
    if (tokens === undefined) continue
    const ids = givenIds(model, tokens)
    const moved = tokens.filter(({ word, id }) => ids.get(word) !== id)
    if (moved.length === 0) continue
    const { word, id } = moved[0]!
    found.push({
      problem: `${file} states the id ${id} for ${quoted(word)}, ${reader} gives it ${ids.get(word)}${more(moved)}`,
      file,
    })
    return found
  }
  for (const { word, key, file } of named) {
    if (given.has(word) || model.has(word)) continue
    found.push({
      problem: `${key} of ${file} is ${quoted(word)}, which no file gives an id: transformers adds it after all others when it loads`,
      file,
    })
  }
  return found
}

/**
 * Ids of added tokens as `tokenizers` numbers them: a token of the model keeps its id, the others follow the size of the model's vocabulary
 * in the order of the list.
 */
export function givenIds(
  model: ReadonlyMap<string, number>,
  tokens: readonly StatedToken[],
): ReadonlyMap<string, number> {
  const ids = new Map<string, number>()
  let next = model.size
  for (const { word } of tokens) {
    if (word === '' || ids.has(word)) continue
    ids.set(word, model.get(word) ?? next++)
  }
  return ids
}

const sortedById = (tokens: readonly StatedToken[]): StatedToken[] => [...tokens].sort((a, b) => a.id - b.id)

const more = (list: readonly unknown[]): string => (list.length > 1 ? ` (and ${list.length - 1} more)` : '')
