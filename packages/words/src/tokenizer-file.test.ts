// Vocabularies out of tokenizer files: ids, and a warning for everything that makes a model lose its words.

import { describe, expect, it } from 'vitest'
import { readTokenizer } from './tokenizer-file.ts'
import { getokVocabulary, himtokVocabulary, samtokVocabulary, wordsOf } from './vocabulary.ts'

const plain = { special: false, lstrip: false, rstrip: false, normalized: false, single_word: false }
const added = (words: string[], first: number, flags: object = {}) =>
  words.map((content, k) => ({ id: first + k, content, ...plain, ...flags }))
const base = [{ id: 151643, content: '<|endoftext|>', ...plain, special: true }]

describe('readTokenizer', () => {
  it('reads the 514 SAMTok words of a Qwen3-VL tokenizer without a warning', () => {
    const words = wordsOf(samtokVocabulary())
    const reading = readTokenizer({
      added_tokens: [...base, ...added(words, 151669)],
      model: { vocab: { a: 0 } },
    })
    expect(reading.warnings).toEqual([])
    expect(reading.samtok).toMatchObject({ codesPerLevel: 256, levels: 2, wordCount: 514 })
    const ids = reading.samtok!.tokenIds!
    expect([ids.ofWord[0], ids.ofWord[1], ids.ofWord[513]]).toEqual([151669, 151670, 152182])
    expect(ids.toWord.get(152182)).toBe(513)
  })

  it('knows whether tags of GETok are words: then each is one token', () => {
    const words = wordsOf(getokVocabulary({ gridSize: 4 }))
    const tags = ['<box>', '</box>', '<seg>', '</seg>']
    expect(readTokenizer({ added_tokens: added(words, 10) }).getok!.tagTokens).toBe(3)
    expect(readTokenizer({ added_tokens: added([...words, ...tags], 10) }).getok!.tagTokens).toBe(1)
  })

  it('warns about words that are marked special, stripped, normalized', () => {
    const words = wordsOf(samtokVocabulary())
    const flags = { special: true, lstrip: true, normalized: true }
    const { warnings } = readTokenizer({ added_tokens: added(words, 10, flags) })
    expect(warnings.map((w) => w.code)).toEqual(['special', 'strip', 'normalized'])
    expect(warnings[0]!.message).toMatch(/^514 words are marked special.*<\|mt_start\|> <\|mt_0000\|>/)
  })

  it('warns about missing words, jumps in the ids and ids given twice', () => {
    const tokens = added(wordsOf(samtokVocabulary()), 100)
    tokens.splice(5, 1)
    tokens[200]!.id = 9000
    tokens[300]!.id = tokens[299]!.id
    const { warnings, samtok } = readTokenizer({ added_tokens: tokens })
    expect(warnings.map((w) => w.code)).toEqual(['missing', 'conflict', 'not-contiguous'])
    expect(warnings[0]!.words).toEqual(['<|mt_0004|>'])
    expect(samtok!.tokenIds!.ofWord[5]).toBe(-1)
  })

  it('reads HiMTok with start and end before the codes, and GETok', () => {
    const himtok = readTokenizer({ added_tokens: added(wordsOf(himtokVocabulary()), 92553) })
    expect(himtok.warnings).toEqual([])
    expect(himtok.himtok).toMatchObject({ codes: 1024, wordCount: 1026 })
    expect(himtok.himtok!.tokenIds!.ofWord[2]).toBe(92555)
    expect(himtok.samtok).toBeUndefined()
    const getok = readTokenizer({ added_tokens: added(wordsOf(getokVocabulary({ gridSize: 16 })), 7) })
    expect(getok.warnings).toEqual([])
    expect(getok.getok).toMatchObject({ gridSize: 16, wordCount: 266 })
  })

  it('reads words from model.vocab, tokenizer_config.json and added_tokens.json alike', () => {
    const words = wordsOf(samtokVocabulary({ codesPerLevel: 4 }))
    const asMap = Object.fromEntries(words.map((word, k) => [word, 50 + k]))
    const decoder = Object.fromEntries(words.map((word, k) => [String(50 + k), { content: word, ...plain }]))
    const forms = [
      { model: { type: 'BPE', vocab: asMap } },
      { model: { type: 'Unigram', vocab: [...Array(50).fill(['x', 0]), ...words.map((w) => [w, -1])] } },
      { added_tokens_decoder: decoder },
      asMap,
    ]
    for (const form of forms) {
      const { samtok } = readTokenizer(form, { codesPerLevel: 4 })
      expect(samtok).toMatchObject({ codesPerLevel: 4, levels: 2, wordCount: 10 })
      expect(samtok!.tokenIds!.ofWord[9]).toBe(59)
    }
  })

  it('says when a file holds several vocabularies or does not divide into levels', () => {
    const words = [...wordsOf(samtokVocabulary()), ...wordsOf(getokVocabulary({ gridSize: 2 }))]
    const { warnings, vocabularies } = readTokenizer({ added_tokens: added(words, 0) })
    expect(vocabularies.map((v) => v.kind)).toEqual(['samtok', 'getok'])
    expect(warnings.map((w) => w.code)).toEqual(['several'])
    const both = [...wordsOf(samtokVocabulary()), ...wordsOf(himtokVocabulary()).slice(2)]
    const mixed = readTokenizer({ added_tokens: added(both, 0) })
    expect(mixed.samtok).toMatchObject({ levels: 2, wordCount: 514 })
    expect(mixed.himtok).toMatchObject({ codes: 1024 })
    const odd = readTokenizer({
      added_tokens: added(wordsOf(samtokVocabulary({ codesPerLevel: 300, levels: 1 })), 0),
    })
    expect(odd.warnings.map((w) => w.code)).toContain('levels')
  })

  it('refuses what is no tokenizer file, and says where', () => {
    const fails = (json: unknown, message: RegExp, code = 'malformed') =>
      expect(() => readTokenizer(json, { file: 'm/tokenizer.json' })).toThrow(
        expect.objectContaining({ code, message: expect.stringMatching(message) }),
      )
    fails(null, /m\/tokenizer.json: the top level/)
    fails([], /top level/)
    fails({ added_tokens: [3] }, /added_tokens\[0\]/)
    fails({ added_tokens: [{ content: '<|mt_0000|>', id: '7' }] }, /added_tokens\[0\].*"7"/)
    fails({ added_tokens: base }, /no SAMTok/, 'not-found')
    fails({}, /no SAMTok/, 'not-found')
  })
})
