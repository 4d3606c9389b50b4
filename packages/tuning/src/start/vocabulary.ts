// A small byte-level vocabulary learned from texts (byte-pair encoding, arXiv 1508.07909, on bytes as in GPT-2), as a tokenizer.json of its own:
// any text can be written, that of the texts in few tokens.
import { type Vocabulary, wordsOf } from '@maskwords/words'

/** Words of the chat template and of pictures, in the order of their ids behind the learned ones. */
export const SPECIAL_WORDS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|image_pad|>',
  '<|video_pad|>',
] as const

/** How texts fall into pieces that no token lies across: GPT-2's pattern, which `ByteLevel` with `use_regex` stands for. */
const PIECES = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** The printable character that stands for each byte (GPT-2's table). */
const BYTE_CHARACTERS: readonly string[] = (() => {
  let next = 0x100
  return Array.from({ length: 256 }, (_, byte) => {
    const stays = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae
    return String.fromCharCode(stays ? byte : next++)
  })
})()

export type LearnedVocabulary = {
  /** The file tokenizer.json. */
  readonly json: unknown
  readonly ids: Readonly<Record<(typeof SPECIAL_WORDS)[number], number>>
  /** All ids. */
  readonly size: number
}

/**
 * Learns at most `size` tokens (256 bytes and merges of them) from texts; pairs that stand once are not merged. The same texts give the
 * same vocabulary, in whatever order. Behind them stand the special words and the mask words.
 */
export function learnVocabulary(
  texts: Iterable<string>,
  options: { readonly size: number; readonly masks: Vocabulary },
): LearnedVocabulary {
  const merges = learnMerges(pieceCounts(texts), options.size - BYTE_CHARACTERS.length)
  // Two merges may make one token.
  const tokens = [...new Set([...BYTE_CHARACTERS, ...merges.map(([a, b]) => a + b)])]
  const first = tokens.length
  const added = [...SPECIAL_WORDS, ...wordsOf(options.masks)]
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true }
  return {
    json: {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added.map((content, i) => ({
        id: first + i,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: i < SPECIAL_WORDS.length,
      })),
      normalizer: { type: 'NFC' },
      pre_tokenizer: byteLevel,
      post_processor: null,
      decoder: byteLevel,
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: merges.map(([a, b]) => `${a} ${b}`),
      },
    },
    ids: Object.fromEntries(SPECIAL_WORDS.map((word, i) => [word, first + i])) as LearnedVocabulary['ids'],
    size: first + added.length,
  }
}

/** How often each piece stands in the texts, as characters that stand for its bytes. */
function pieceCounts(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>()
  const encoder = new TextEncoder()
  for (const text of texts) {
    for (const [piece] of text.normalize('NFC').matchAll(PIECES))
      counts.set(piece, (counts.get(piece) ?? 0) + 1)
  }
  return new Map(
    [...counts].map(([piece, count]) => [
      Array.from(encoder.encode(piece), (byte) => BYTE_CHARACTERS[byte]!).join(''),
      count,
    ]),
  )
}

type Merge = readonly [left: string, right: string]

function learnMerges(counts: ReadonlyMap<string, number>, most: number): Merge[] {
  const pieces = [...counts].map(([piece, count]) => ({ tokens: [...piece], count }))
  const merges: Merge[] = []
  while (merges.length < most) {
    const pairs = new Map<string, number>()
    for (const { tokens, count } of pieces) {
      for (let i = 0; i + 1 < tokens.length; i++) {
        const pair = `${tokens[i]} ${tokens[i + 1]}`
        pairs.set(pair, (pairs.get(pair) ?? 0) + count)
      }
    }
    let best: string | undefined
    let often = 1
    for (const [pair, count] of pairs) {
      if (count > often || (count === often && best !== undefined && pair < best))
        [best, often] = [pair, count]
    }
    if (best === undefined) break
    const [left, right] = best.split(' ') as [string, string]
    merges.push([left, right])
    for (const piece of pieces) {
      const { tokens } = piece
      for (let i = 0; i + 1 < tokens.length; i++) {
        if (tokens[i] === left && tokens[i + 1] === right) tokens.splice(i, 2, left + right)
      }
    }
  }
  return merges
}
