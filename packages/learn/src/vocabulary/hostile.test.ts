import { mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CheckpointError } from '@maskwords/checkpoint'
import { WordsError } from '@maskwords/words'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { type TinyModel, type TinyTokenizer, tinyTokenizer, writeTinyModel } from '../../test/tiny-model.ts'
import { LearnError } from '../error.ts'
import { describeModelFolder } from './describe.ts'
import { appendEntries, appendItems, at, editedText, parseJsonSource } from './json-source.ts'
import { planExtension } from './plan.ts'
import { secondTokenizer } from './second-tokenizer.ts'
import { sentencePieces } from './sentencepiece.ts'
import { wordSetOfName, wordSetOfText } from './word-list.ts'

const root = mkdtempSync(join(tmpdir(), 'hostile-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const words = wordSetOfName('samtok-16x2')!

let serial = 0
/** The refusal that a damaged folder gets, as `code: message`. */
async function refusal(options: TinyModel, damage: (folder: string) => void = () => {}): Promise<string> {
  const folder = join(root, String(serial++))
  await writeTinyModel(folder, options)
  damage(folder)
  try {
    await planExtension(folder, { words })
  } catch (error) {
    if (!(error instanceof LearnError || error instanceof CheckpointError)) throw error
    return `${error.code}: ${error.message}`
  }
  return 'accepted'
}
const tokenizer = (change: (json: TinyTokenizer) => void): TinyModel => ({
  tokenizer: (json) => {
    change(json)
    return json
  },
})
const token = (id: unknown, content: string) => ({ id, content, special: false, normalized: false })
const rewrite = (name: string, change: (text: string) => string) => (folder: string) => {
  writeFileSync(join(folder, name), change(readFileSync(join(folder, name), 'utf8')))
}

describe('folders that contradict themselves are refused with what is wrong and where', () => {
  const cases: readonly [string, TinyModel, (folder: string) => void, RegExp][] = [
    [
      'an id twice',
      tokenizer((json) => json.added_tokens.push(token(5, '<x>'))),
      () => {},
      /^malformed: the id 5 belongs to/,
    ],
    [
      'a token twice',
      tokenizer((json) => json.added_tokens.push(json.added_tokens[0]!)),
      () => {},
      /^malformed: .*repeats "<\|endoftext\|>"/,
    ],
    [
      'a token with two ids',
      tokenizer((json) => json.added_tokens.push(token(270, 'a'))),
      () => {},
      /^malformed: "a" has the ids/,
    ],
    [
      'a hole in the ids',
      tokenizer((json) => json.added_tokens.push(token(300, '<x>'))),
      () => {},
      /^mismatch: tokenizer.json states the id 300 for "<x>", tokenizers gives it 270/,
    ],
    [
      'added tokens out of order: ids are given by place',
      tokenizer((json) => json.added_tokens.push(token(271, '<x>'), token(270, '<y>'))),
      () => {},
      /^mismatch: tokenizer.json states the id 271 for "<x>", tokenizers gives it 270 \(and 1 more\)/,
    ],
    [
      'a token that only added_tokens.json has',
      {},
      rewrite('added_tokens.json', (text) => text.replace('{', '{"[SEG]": 270,')),
      /^mismatch: added_tokens.json has "\[SEG\]" with the id 270, tokenizer.json does not have it/,
    ],
    [
      'a token that only the decoder table has',
      {},
      rewrite('tokenizer_config.json', (text) => text.replace('"267"', '"270": {"content": "[SEG]"}, "267"')),
      /^mismatch: tokenizer_config.json has "\[SEG\]" with the id 270, tokenizer.json does not have it/,
    ],
    [
      'a token that the decoder table has not',
      tokenizer((json) => json.added_tokens.push(token(270, '[SEG]'))),
      rewrite('tokenizer_config.json', (text) => {
        const config = JSON.parse(text)
        delete config.added_tokens_decoder['270']
        return JSON.stringify(config)
      }),
      /^mismatch: tokenizer.json has "\[SEG\]" with the id 270, added_tokens_decoder of tokenizer_config.json does not/,
    ],
    [
      'a padding token that no file gives an id',
      {},
      rewrite('tokenizer_config.json', (text) => text.replace('{', '{"pad_token": "[PAD]",')),
      /^mismatch: pad_token of tokenizer_config.json is "\[PAD\]", which no file gives an id/,
    ],
    [
      'another vocab.json',
      {},
      rewrite('vocab.json', (text) => text.replace('"mt":', '"MT":')),
      /^mismatch: vocab.json gives "MT" the id 262, tokenizer.json does not have it/,
    ],
    [
      'other merges',
      {},
      rewrite('merges.txt', (text) => text.replace('h e\nĠt he\n', 'Ġt he\nh e\n')),
      /^mismatch: merge 2 is "Ġt he" in merges.txt and "h e" in tokenizer.json/,
    ],
    [
      'an id with a fraction',
      tokenizer((json) => json.added_tokens.push(token(270.5, '<x>'))),
      () => {},
      /^malformed: the token id is 270.5/,
    ],
    [
      'an id that is text',
      tokenizer((json) => json.added_tokens.push(token('270', '<x>'))),
      () => {},
      /^malformed: the token id is a string/,
    ],
    [
      'a negative id',
      tokenizer((json) => json.added_tokens.push(token(-1, '<x>'))),
      () => {},
      /^malformed: the token id is -1/,
    ],
    [
      'special that is text',
      tokenizer((json) => {
        json.added_tokens[0]!['special'] = 'no'
      }),
      () => {},
      /special is neither true nor false/,
    ],
    [
      'a vocabulary that is a number',
      tokenizer((json) => {
        json.model.vocab = 7 as never
      }),
      () => {},
      /^malformed: model.vocab is neither/,
    ],
    [
      'more tokens than rows',
      { rows: 260 },
      () => {},
      /^mismatch: the tokenizer has 270 tokens, the embedding 260 rows/,
    ],
    [
      'another vocab_size',
      {},
      rewrite('config.json', (text) => text.replace('384', '400')),
      /^mismatch: the configuration says vocab_size 400, the embedding has 384 rows/,
    ],
    [
      'a repeated key',
      {},
      rewrite('config.json', (text) => text.replace('{', '{"vocab_size": 1,')),
      /^malformed: the key "vocab_size" occurs twice/,
    ],
    ['a cut configuration', {}, rewrite('config.json', (text) => text.slice(0, 40)), /^malformed: a JSON/],
    [
      'a Git LFS pointer',
      {},
      rewrite('tokenizer.json', () => 'version https://git-lfs.github.com/spec/v1\n'),
      /^malformed: this is a Git LFS pointer/,
    ],
    [
      'JSON that nests for ever',
      {},
      rewrite('tokenizer_config.json', () => '['.repeat(100_000)),
      /^too-large: JSON that nests more than 64 deep/,
    ],
    [
      'no configuration',
      {},
      (folder) => unlinkSync(join(folder, 'config.json')),
      /^missing: the folder has no config.json/,
    ],
    [
      'a missing shard',
      { shards: 3, tied: false },
      (folder) => unlinkSync(join(folder, 'model-00002-of-00003.safetensors')),
      /^missing: .*1 of 3 shards are not there/,
    ],
    ['a cut shard', {}, (folder) => truncateSync(join(folder, 'model.safetensors'), 5000), /^truncated: /],
    [
      'a huge header',
      {},
      (folder) => writeFileSync(join(folder, 'model.safetensors'), Buffer.from('ffffffffffffff7f7b', 'hex')),
      /^too-large: .*the header claims/,
    ],
    [
      'no head where one is said',
      { tied: true },
      rewrite('config.json', (text) => text.replace('true', 'false')),
      /^missing: .*there is no head/,
    ],
  ]
  it.each(cases)('%s', async (_name, options, damage, wanted) => {
    expect(await refusal(options, damage)).toMatch(wanted)
  })

  it('a folder that is none', async () => {
    await expect(planExtension(join(root, 'nowhere'), { words })).rejects.toMatchObject({ code: 'missing' })
  })

  it('a token named __proto__ is a token like any other', async () => {
    expect(await refusal(tokenizer((json) => json.added_tokens.push(token(270, '__proto__'))))).toBe(
      'accepted',
    )
  })
})

describe('fuzz', () => {
  it('damaged files give typed errors or a plan, and a description always', async () => {
    const folder = join(root, 'fuzz')
    await writeTinyModel(folder, { shards: 3, tied: false, columns: 2 })
    const names = [
      'tokenizer.json',
      'config.json',
      'tokenizer_config.json',
      'added_tokens.json',
      'model-00001-of-00003.safetensors',
      'model.safetensors.index.json',
    ]
    const whole = names.map((name) => readFileSync(join(folder, name)))
    let state = 1
    const random = (below: number) => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0
      return Math.floor((state / 2 ** 32) * below)
    }
    for (let round = 0; round < 60; round++) {
      const which = round % names.length
      let bytes = Uint8Array.from(whole[which]!)
      const span = Math.min(bytes.length, 700)
      for (let k = 0; k <= random(3); k++) bytes[random(span)] = random(2) ? random(256) : 0x2c + random(20)
      if (random(4) === 0) bytes = bytes.subarray(0, random(bytes.length))
      writeFileSync(join(folder, names[which]!), bytes)
      try {
        await planExtension(folder, { words })
      } catch (error) {
        const typed =
          error instanceof LearnError || error instanceof CheckpointError || error instanceof WordsError
        if (!typed) throw error
      }
      expect((await describeModelFolder(folder)).problems.length).toBeGreaterThan(0)
      writeFileSync(join(folder, names[which]!), whole[which]!)
    }
  }, 180_000)

  it('SentencePiece bytes: pieces or a typed error', () => {
    const model = Uint8Array.from([10, 7, 10, 3, 60, 115, 62, 24, 3, 10, 3, 10, 1, 97, 18, 2, 8, 1])
    expect(sentencePieces(model, 'm')).toEqual(['<s>', 'a'])
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), fc.nat(17), (bytes, at) => {
        for (const input of [bytes, Uint8Array.from([...model.subarray(0, at), ...bytes])]) {
          try {
            sentencePieces(input, 'm')
          } catch (error) {
            expect(error).toBeInstanceOf(LearnError)
          }
        }
      }),
    )
  })
})

describe('JSON with places', () => {
  it('takes what JSON.parse takes, refuses what it refuses, and edits change nothing else', () => {
    fc.assert(
      fc.property(
        fc.json(),
        fc.nat(),
        fc.string({ maxLength: 1 }),
        fc.boolean(),
        (text, where, character, damage) => {
          const at = where % (text.length + 1)
          const input = damage ? text.slice(0, at) + character + text.slice(at + 1) : text
          let value: unknown
          try {
            value = JSON.parse(input)
          } catch {
            expect(() => parseJsonSource(input, 'f')).toThrow(LearnError)
            return
          }
          let source: ReturnType<typeof parseJsonSource>
          try {
            source = parseJsonSource(input, 'f')
          } catch (error) {
            expect((error as Error).message).toMatch(/occurs twice/)
            return
          }
          expect(editedText(source, [])).toBe(input)
          const { root: node } = source
          if (node.kind === 'array') {
            const edited = editedText(source, [appendItems(source, node, [{ a: 1 }, 'x'])])
            expect(JSON.parse(edited)).toEqual([...(value as unknown[]), { a: 1 }, 'x'])
          } else if (node.kind === 'object' && !node.entries.has('new')) {
            const edited = editedText(source, [appendEntries(source, node, [['new', { id: 5 }]])])
            expect(JSON.parse(edited)).toEqual({ ...(value as object), new: { id: 5 } })
          }
        },
      ),
      { numRuns: 400 },
    )
  })

  it.each([
    ['[\n  {\n    "a": 1\n  }\n]', '[\n  {\n    "a": 1\n  },\n  {\n    "id": 2\n  }\n]'],
    ['[\n\t{"a": 1}\n]', '[\n\t{"a": 1},\n\t{"id": 2}\n]'],
    ['[{"a":1}]', '[{"a":1},{"id":2}]'],
    ['[{"a": 1}]', '[{"a": 1}, {"id": 2}]'],
    ['[]', '[{"id":2}]'],
    ['[\r\n {\r\n  "a": 1\r\n }\r\n]', '[\r\n {\r\n  "a": 1\r\n },\r\n {\r\n  "id": 2\r\n }\r\n]'],
  ])('additions are laid out as what stands before them: %j', (before, after) => {
    const source = parseJsonSource(before, 'f')
    expect(editedText(source, [appendItems(source, source.root as never, [{ id: 2 }])])).toBe(after)
    expect(at(source.root, 'a')).toBeUndefined()
  })
})

describe('lists of words', () => {
  it('short names', () => {
    const sizes = ['samtok-256x2', 'himtok-1024', 'getok-n32'].map(
      (name) => wordSetOfName(name)!.words.length,
    )
    expect(sizes).toEqual([514, 1026, 1034])
    expect(wordSetOfName('words.txt')).toBeUndefined()
    expect(() => wordSetOfName('samtok-0x2')).toThrow(/samtok-0x2: codesPerLevel must be/)
  })

  it.each([
    ['', 'there are no words'],
    ['<a>\n\n<b>', 'word 2 is empty'],
    ['<a>\n<a>', 'word 2 "<a>" is word 1 already'],
    ['<a b>', 'word 1 "<a b>" holds blanks'],
    ['<a\u200b>', 'holds blanks or characters that cannot be seen'],
    ['e\u0301', 'is not in Unicode normal form C'],
    ['x'.repeat(129), 'word 1 has 129 characters'],
    ['["<a>", 3]', 'the JSON is not a list of strings'],
  ])('%j is refused', (text, message) => {
    expect(() => wordSetOfText(text, 'f')).toThrow(message)
  })
})

describe('the second tokenizer', () => {
  it('merges by rank, keeps spaces with words, and takes the longest added token', () => {
    const json = tinyTokenizer()
    json.added_tokens.push(token(270, '<|mt_0|>'), token(271, '<|mt_0|><|mt_1|>'))
    const tokenizer = secondTokenizer(json)
    // "It" 259, " is" 261, "." 46; the longer of two added tokens that begin together.
    expect(tokenizer.encode('It is<|mt_0|>.<|mt_0|><|mt_1|>')).toEqual([259, 261, 270, 46, 271])
    expect(tokenizer.decode([259, 261, 267, 270], { skipSpecial: true })).toBe('It is<|mt_0|>')
    expect(tokenizer.decode(tokenizer.encode('é🙂 掩码'))).toBe('é🙂 掩码')
  })

  it('lstrip eats the blanks before a token', () => {
    const json = tinyTokenizer()
    json.added_tokens.push({ ...token(270, '<x>'), lstrip: true })
    expect(secondTokenizer(json).encode('a  <x> a')).toEqual([97, 270, 32, 97])
  })

  it('reads byte-fallback BPE as Llama has it, and says what it does not read', () => {
    const vocab = { '<unk>': 0, '▁': 1, a: 2, '▁a': 3, '<0xC3>': 4, '<0xA9>': 5 }
    const llama = {
      added_tokens: [token(6, '<w>')],
      normalizer: {
        type: 'Sequence',
        normalizers: [
          { type: 'Prepend', prepend: '▁' },
          { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
        ],
      },
      pre_tokenizer: null,
      decoder: { type: 'Sequence', decoders: [{ type: 'ByteFallback' }, { type: 'Fuse' }] },
      model: { type: 'BPE', byte_fallback: true, unk_token: '<unk>', vocab, merges: ['▁ a'] },
    }
    const tokenizer = secondTokenizer(llama)
    expect(tokenizer.wholeText).toBe(true)
    expect(tokenizer.encode('a<w> aé')).toEqual([3, 6, 1, 3, 4, 5])
    const unigram = secondTokenizer({ ...llama, model: { type: 'Unigram', vocab: [['<unk>', 0]] } })
    expect([unigram.wholeText, unigram.reason]).toEqual([false, 'model Unigram'])
    // One piece in the model: the added token gets 1, whatever the file says.
    expect(unigram.encode('a<w>b')).toEqual([-1, 1, -1])
  })
})
