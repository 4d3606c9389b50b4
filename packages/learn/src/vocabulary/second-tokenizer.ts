// A second implementation of `tokenizer.json`, for checks: added tokens and byte-level or byte-fallback BPE, written from the format
// (huggingface/tokenizers: AddedVocabulary, Split, ByteLevel, BPE, ByteFallback) and sharing nothing with the code that edits the file.
import { isRecord } from '@maskwords/base'
import { LearnError } from '../error.ts'

type Json = { readonly [key: string]: unknown }
type AddedToken = {
  id: number
  content: string
  special: boolean
  lstrip: boolean
  rstrip: boolean
  single_word: boolean
  normalized: boolean
}

export type SecondTokenizer = {
  /** Whether text between added tokens is tokenised too; where it is not, such text becomes the id -1. */
  readonly wholeText: boolean
  /** Why not, where it is not. */
  readonly reason: string | undefined
  /** Ids of a text; `inside` where something stands before it, which some tokenizers do not give a blank then. */
  encode(text: string, options?: { inside?: boolean }): number[]
  /** Text of ids; with `skipSpecial` as servers do by default. Unknown ids are left out. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string
}

/**
 * Builds the tokenizer of a parsed `tokenizer.json`. Throws LearnError `malformed` where its parts are not what the format says. Models,
 * normalizers and pre-tokenizers that are not known here leave `wholeText` false: added tokens are still found as they should be.
 */
export function secondTokenizer(json: unknown): SecondTokenizer {
  const root = record(json, 'the file')
  const wordOf = new Map<number, string>()
  const idOf = new Map<string, number>()
  const model = record(root['model'], 'model')
  const vocabulary = model['vocab']
  if (Array.isArray(vocabulary))
    for (const [id, pair] of vocabulary.entries()) {
      wordOf.set(id, String(pair?.[0]))
      idOf.set(String(pair?.[0]), id)
    }
  else
    for (const [word, id] of Object.entries(record(vocabulary, 'model.vocab'))) {
      wordOf.set(Number(id), word)
      idOf.set(word, Number(id))
    }
  const added = numbered(root['added_tokens'], idOf)
  const addedById = new Map<number, AddedToken>()
  const raw = new Trie()
  const normal = new Trie()
  let reason: string | undefined
  const unknown = (what: string): void => {
    reason ??= what
  }
  const normalize = normalizerOf(root['normalizer'], unknown)
  for (const token of added) {
    addedById.set(token.id, token)
    if (token.normalized) normal.add(normalize(token.content), token)
    else raw.add(token.content, token)
  }
  const split = preTokenizerOf(root['pre_tokenizer'], unknown)
  const pieces = model['type'] === 'BPE' || Array.isArray(model['merges']) ? bpe(model, idOf) : undefined
  if (pieces === undefined) unknown(`model ${String(model['type'])}`)
  const wholeText = reason === undefined
  const encodeText = (text: string, first: boolean, ids: number[]): void => {
    if (text === '') return
    if (!wholeText || pieces === undefined) ids.push(-1)
    else for (const word of split(text, first)) ids.push(...pieces(word))
  }
  const strips = usesType(root['decoder'], 'Strip') || usesType(root['decoder'], 'Metaspace')
  const byteLevel = usesType(root['decoder'], 'ByteLevel') || usesType(root['pre_tokenizer'], 'ByteLevel')
  return {
    wholeText,
    reason,
    encode(text, { inside = false } = {}) {
      const ids: number[] = []
      for (const part of raw.split(text)) {
        if (typeof part !== 'string') ids.push(part.id)
        else
          for (const inner of normal.split(normalize(part))) {
            if (typeof inner === 'string') encodeText(inner, !inside && ids.length === 0, ids)
            else ids.push(inner.id)
          }
      }
      return ids
    },
    decode(ids, { skipSpecial = false } = {}) {
      const out: string[] = []
      let run: string[] = []
      const flush = (): void => {
        if (run.length > 0)
          out.push(byteLevel ? textOfByteLevel(run) : textOfPieces(run, strips && out.length === 0))
        run = []
      }
      for (const id of ids) {
        const token = addedById.get(id)
        if (token === undefined) {
          const word = wordOf.get(id)
          if (word !== undefined) run.push(word)
          continue
        }
        flush()
        if (!(skipSpecial && token.special)) out.push(token.content)
      }
      flush()
      return out.join('')
    },
  }
}

/** Added tokens with the ids that they get, whatever the file says: those of the model, else the ones after it in the order of the list. */
function numbered(list: unknown, idOf: ReadonlyMap<string, number>): AddedToken[] {
  const ids = new Map<string, number>()
  let next = idOf.size
  return (Array.isArray(list) ? (list as AddedToken[]) : []).map((token) => {
    const id = ids.get(token.content) ?? idOf.get(token.content) ?? next++
    ids.set(token.content, id)
    return { ...token, id }
  })
}

/** Added tokens by their characters: at each place the longest one wins, from left to right. */
class Trie {
  private readonly root: TrieNode = { next: new Map(), token: undefined }

  add(content: string, token: AddedToken): void {
    if (content === '') return
    let node = this.root
    for (const unit of content) {
      let next = node.next.get(unit)
      if (next === undefined) node.next.set(unit, (next = { next: new Map(), token: undefined }))
      node = next
    }
    node.token = token
  }

  split(text: string): (string | AddedToken)[] {
    const parts: (string | AddedToken)[] = []
    let from = 0
    let position = 0
    while (position < text.length) {
      const found = this.longest(text, position)
      if (found === undefined || !this.standsAlone(text, position, found)) {
        position += text.codePointAt(position)! > 0xffff ? 2 : 1
        continue
      }
      const { token, end } = found
      const before = text.slice(from, position)
      const kept = token.lstrip ? before.trimEnd() : before
      if (kept !== '') parts.push(kept)
      parts.push(token)
      position = end
      if (token.rstrip) while (position < text.length && /\s/u.test(text[position]!)) position++
      from = position
    }
    if (from < text.length) parts.push(text.slice(from))
    return parts
  }

  private longest(text: string, from: number): { token: AddedToken; end: number } | undefined {
    let node = this.root
    let best: { token: AddedToken; end: number } | undefined
    for (let position = from; position < text.length; ) {
      const unit = String.fromCodePoint(text.codePointAt(position)!)
      const next = node.next.get(unit)
      if (next === undefined) break
      position += unit.length
      node = next
      if (node.token !== undefined) best = { token: node.token, end: position }
    }
    return best
  }

  private standsAlone(text: string, from: number, found: { token: AddedToken; end: number }): boolean {
    if (!found.token.single_word) return true
    const word = /[\p{L}\p{N}_]/u
    return !word.test(text.slice(0, from).slice(-1)) && !word.test(text.slice(found.end, found.end + 1))
  }
}

type TrieNode = { next: Map<string, TrieNode>; token: AddedToken | undefined }

function normalizerOf(node: unknown, unknown: (what: string) => void): (text: string) => string {
  if (node === null || node === undefined) return (text) => text
  const normalizer = record(node, 'normalizer')
  switch (normalizer['type']) {
    case 'NFC':
    case 'NFD':
    case 'NFKC':
    case 'NFKD': {
      const form = normalizer['type']
      return (text) => text.normalize(form)
    }
    case 'Lowercase':
      return (text) => text.toLowerCase()
    case 'Prepend':
      return (text) => (text === '' ? '' : String(normalizer['prepend']) + text)
    case 'Replace': {
      const pattern = record(normalizer['pattern'], 'normalizer.pattern')
      if (typeof pattern['String'] !== 'string') break
      const wanted = pattern['String']
      return (text) => text.split(wanted).join(String(normalizer['content']))
    }
    case 'Sequence': {
      const all = (normalizer['normalizers'] as unknown[]).map((inner) => normalizerOf(inner, unknown))
      return (text) => all.reduce((done, one) => one(done), text)
    }
  }
  unknown(`normalizer ${String(normalizer['type'])}`)
  return (text) => text
}

/** GPT-2's own pattern, which ByteLevel uses where it is told to. */
const GPT2 = /'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** Pieces of a text; `first` where the text begins with it. */
type PreTokenizer = (text: string, first: boolean) => string[]

function preTokenizerOf(node: unknown, unknown: (what: string) => void): PreTokenizer {
  if (node === null || node === undefined) return (text) => [text]
  const pre = record(node, 'pre_tokenizer')
  switch (pre['type']) {
    case 'ByteLevel': {
      const space = pre['add_prefix_space'] === true
      const own = pre['use_regex'] !== false
      return (text) => {
        const whole = space && !text.startsWith(' ') ? ` ${text}` : text
        return (own ? (whole.match(GPT2) ?? []) : [whole]).map(byteLevelOfText)
      }
    }
    case 'Metaspace': {
      const blank = String(pre['replacement'] ?? '▁')
      const scheme = pre['prepend_scheme'] ?? (pre['add_prefix_space'] === false ? 'never' : 'always')
      return (text, first) => {
        const replaced = text.replaceAll(' ', blank)
        const prepends = scheme === 'always' || (scheme === 'first' && first)
        const whole = prepends && !replaced.startsWith(blank) ? blank + replaced : replaced
        return pre['split'] === false ? [whole] : cut(whole, literal(blank), 'MergedWithNext')!
      }
    }
    case 'Digits':
      return (text) => cut(text, pre['individual_digits'] === true ? /\p{N}/gu : /\p{N}+/gu, 'Isolated')!
    case 'Split': {
      const pattern = record(pre['pattern'], 'pre_tokenizer.pattern')
      const regex =
        typeof pattern['Regex'] === 'string'
          ? regexOf(pattern['Regex'])
          : typeof pattern['String'] === 'string'
            ? literal(pattern['String'])
            : undefined
      if (regex === undefined || pre['invert'] === true || cut('', regex, pre['behavior']) === undefined)
        break
      return (text) => cut(text, regex, pre['behavior'])!
    }
    case 'Sequence': {
      const all = (pre['pretokenizers'] as unknown[]).map((inner) => preTokenizerOf(inner, unknown))
      return (text, first) =>
        all.reduce((parts, one) => parts.flatMap((part, k) => one(part, first && k === 0)), [text])
    }
  }
  unknown(`pre-tokenizer ${String(pre['type'])}`)
  return (text) => [text]
}

const literal = (text: string): RegExp => new RegExp(text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&'), 'gu')

/** A text cut at what a pattern finds, by the format's `SplitDelimiterBehavior`; undefined for one that is not known. */
function cut(text: string, regex: RegExp, behavior: unknown): string[] | undefined {
  const parts: string[] = []
  const between: string[] = []
  let from = 0
  const found: string[] = []
  for (const match of text.matchAll(regex)) {
    if (match[0] === '') continue
    between.push(text.slice(from, match.index))
    found.push(match[0])
    from = match.index + match[0].length
  }
  const rest = text.slice(from)
  switch (behavior) {
    case 'Isolated':
      between.forEach((part, k) => {
        parts.push(part, found[k]!)
      })
      parts.push(rest)
      break
    case 'Removed':
      parts.push(...between, rest)
      break
    case 'MergedWithPrevious':
      parts.push(...between.map((part, k) => part + found[k]!), rest)
      break
    case 'MergedWithNext':
      parts.push(between[0] ?? rest)
      found.forEach((part, k) => {
        parts.push(part + (between[k + 1] ?? rest))
      })
      break
    default:
      return undefined
  }
  return parts.filter((part) => part !== '')
}

/** A pattern of the format in this engine: `(?i:...)`, which Node 20 lacks, becomes both cases of each letter. */
function regexOf(source: string): RegExp | undefined {
  const spelled = source.replace(/\(\?i:([^()]*)\)/g, (_all, inner: string) => {
    return `(?:${inner.replace(/[a-z]/gi, (letter) => `[${letter.toLowerCase()}${letter.toUpperCase()}]`)})`
  })
  try {
    return new RegExp(spelled, 'gu')
  } catch {
    return undefined
  }
}

/** Byte-pair merges: the pair of lowest rank first, leftmost on a tie. */
function bpe(model: Json, idOf: ReadonlyMap<string, number>): (word: string) => number[] {
  const ranks = new Map<string, number>()
  const merges = Array.isArray(model['merges']) ? (model['merges'] as unknown[]) : []
  merges.forEach((merge, rank) => {
    const [left, right] = Array.isArray(merge) ? (merge as string[]) : String(merge).split(' ')
    ranks.set(`${left}\u0000${right}`, rank)
  })
  const whole = model['ignore_merges'] === true
  const fallback = model['byte_fallback'] === true
  const unk = typeof model['unk_token'] === 'string' ? idOf.get(model['unk_token']) : undefined
  const pieces = (word: string): number[] => {
    const known = whole ? idOf.get(word) : undefined
    if (known !== undefined) return [known]
    const parts = [...word]
    for (;;) {
      let best = Number.POSITIVE_INFINITY
      let place = -1
      for (let k = 0; k + 1 < parts.length; k++) {
        const rank = ranks.get(`${parts[k]}\u0000${parts[k + 1]}`) ?? Number.POSITIVE_INFINITY
        if (rank < best) {
          best = rank
          place = k
        }
      }
      if (place < 0) break
      parts.splice(place, 2, parts[place]! + parts[place + 1]!)
    }
    return parts.flatMap((part) => {
      const id = idOf.get(part)
      if (id !== undefined) return [id]
      if (fallback) {
        const bytes = [...new TextEncoder().encode(part)].map((byte) =>
          idOf.get(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`),
        )
        if (bytes.every((one) => one !== undefined)) return bytes
      }
      return [unk ?? -1]
    })
  }
  // The texts of a check repeat their words a thousand times.
  const seen = new Map<string, number[]>()
  return (word) => {
    let ids = seen.get(word)
    if (ids === undefined) {
      ids = pieces(word)
      if (seen.size < MAX_REMEMBERED) seen.set(word, ids)
    }
    return ids
  }
}

const MAX_REMEMBERED = 10_000

/** GPT-2's table from bytes to visible characters: printable Latin-1 stays, the others move to U+0100 and on. */
const CHARACTER_OF_BYTE: readonly string[] = (() => {
  const table: string[] = []
  let next = 0x100
  for (let byte = 0; byte < 256; byte++) {
    const stays = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    table.push(String.fromCharCode(stays ? byte : next++))
  }
  return table
})()
const BYTE_OF_CHARACTER = new Map(CHARACTER_OF_BYTE.map((character, byte) => [character, byte]))

function byteLevelOfText(text: string): string {
  return [...new TextEncoder().encode(text)].map((byte) => CHARACTER_OF_BYTE[byte]).join('')
}

function textOfByteLevel(words: readonly string[]): string {
  const bytes = [...words.join('')].map((character) => BYTE_OF_CHARACTER.get(character) ?? 0x3f)
  return new TextDecoder().decode(Uint8Array.from(bytes))
}

/** SentencePiece-like pieces: `▁` is a blank (none at the beginning), `<0x0A>` a byte. */
function textOfPieces(words: readonly string[], first: boolean): string {
  const bytes: number[] = []
  for (const word of words) {
    const byte = /^<0x([0-9A-F]{2})>$/.exec(word)
    if (byte !== null) bytes.push(Number.parseInt(byte[1]!, 16))
    else bytes.push(...new TextEncoder().encode(word.replaceAll('▁', ' ')))
  }
  const text = new TextDecoder().decode(Uint8Array.from(bytes))
  return first && text.startsWith(' ') ? text.slice(1) : text
}

function usesType(node: unknown, wanted: string): boolean {
  if (typeof node !== 'object' || node === null) return false
  const { type, decoders, pretokenizers } = node as Json
  if (type === wanted) return true
  return [decoders, pretokenizers].some(
    (list) => Array.isArray(list) && list.some((inner) => usesType(inner, wanted)),
  )
}

function record(value: unknown, what: string): Json {
  if (isRecord(value)) return value as Json
  throw new LearnError('malformed', `${what} is no object`)
}
