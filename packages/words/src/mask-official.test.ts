// The published parsers, case by case (SAMTok evaluation scripts), and against the patterns themselves.

import { describe, expect, it } from 'vitest'
import { randomWords, spelled } from '../test/spelled.ts'
import { WordsError } from './error.ts'
import { parseOfficial, parseOfficialBucket } from './mask-official.ts'
import { parseMaskWords } from './mask-parse.ts'
import { himtokVocabulary, samtokVocabulary } from './vocabulary.ts'

const samtok = samtokVocabulary()

const golden: [text: string, decoded: number[][] | 'zero mask'][] = [
  ['S 0011 0347 E', [[11, 91]]],
  ['S 0011 E', [[11, -1]]],
  ['S 0011', [[11, -1]]],
  ['S 0011 <|im_end|>', [[11, -1]]],
  ['S 0011 text', [[11, -1]]],
  ['S 0186 0410 0186 E', [[186, 154]]],
  [
    'S 0186 0410 0186 0410 E',
    [
      [186, 154],
      [186, 154],
    ],
  ],
  ['S 0186 0410 0186', []],
  [
    'S 0011 0347 E S 0007 E',
    [
      [11, 91],
      [7, -1],
    ],
  ],
  ['S 0011 E S 0007 E', [[11, -1]]],
  [
    'S 0001 0300 0002 E S 0007 E',
    [
      [1, 44],
      [2, -1],
    ],
  ],
  ['S 0011 0347', [[11, 91]]],
  ['S 0347 0011 E', []],
  ['S 0011 0012 E', [[11, -1]]],
  ['0011 0347', [[11, 91]]],
  ['0011', []],
  ['S E', 'zero mask'],
  ['', 'zero mask'],
  ['S 00011 0347 E', []],
  ['S 00011 00347 E', 'zero mask'],
]

describe('the positional parser', () => {
  for (const [short, decoded] of golden) {
    it(`reads "${short}" as ${JSON.stringify(decoded)}`, () => {
      const parse = parseOfficial(spelled(short), samtok)
      if (decoded === 'zero mask') expect(parse).toEqual({ outcome: 'zero-mask', masks: [] })
      else {
        expect(parse.outcome).toBe('masks')
        expect(parse.masks.map((mask) => mask.codes)).toEqual(decoded)
      }
      const spans = parseMaskWords(spelled(short), samtok, { mode: 'official' }).spans
      expect(spans.map((span) => span.codes)).toEqual(decoded === 'zero mask' ? [] : decoded)
    })
  }

  it('reads the same as the published patterns on 40,000 random word sequences', () => {
    const random = randomWords(7)
    for (let k = 0; k < 40_000; k++) {
      const text = random()
      const got = parseOfficial(text, samtok)
      expect([text, got.outcome, got.masks.map((m) => m.codes)]).toEqual([text, ...byPatterns(text)])
    }
  })

  it('is defined for SAMTok with two levels only', () => {
    expect(() => parseOfficial('', himtokVocabulary())).toThrow(/SAMTok with two levels/)
    expect(() => parseOfficial('', samtokVocabulary({ levels: 3 }))).toThrow(WordsError)
  })
})

describe('the GCG variant', () => {
  it('pairs all ids again after the repair', () => {
    const parse = parseOfficial(spelled('S 0011 E S 0012 0300 E'), samtok, { variant: 'gcg' })
    expect(parse.masks.map((mask) => mask.codes)).toEqual([
      [11, -1],
      [12, 44],
    ])
  })

  it('maps ids above a codebook to -1, the first one too', () => {
    const parse = parseOfficial(spelled('S 0347 9999 E'), samtok, { variant: 'gcg' })
    expect(parse.masks.map((mask) => mask.codes)).toEqual([[-1, -1]])
  })

  it('fails where the published code fails: odd after repair, and a negative index', () => {
    for (const short of ['S 0001 0300 0002', '0011', 'S 0011 0012 E']) {
      expect(() => parseOfficial(spelled(short), samtok, { variant: 'gcg' })).toThrow(
        expect.objectContaining({ code: 'official-failure' }),
      )
    }
    expect(parseOfficial(spelled('S 0011 0255 E'), samtok, { variant: 'gcg' }).masks[0]!.codes).toEqual([
      11, -1,
    ])
  })
})

describe('the variant without repair', () => {
  it('gives a zero mask for an odd count', () => {
    expect(parseOfficial(spelled('S 0011 E'), samtok, { variant: 'no-repair' }).outcome).toBe('zero-mask')
    const even = parseOfficial(spelled('S 0011 0347 E'), samtok, { variant: 'no-repair' })
    expect(even.masks[0]!.codes).toEqual([11, 91])
  })
})

describe('the bucket parser', () => {
  it('lets the last id of each level win over the whole text', () => {
    expect(parseOfficialBucket(spelled('S 0011 0347 E S 0007 E'), samtok)).toEqual([7, 91])
    expect(parseOfficialBucket(spelled('S 0347 0011 E'), samtok)).toEqual([11, 91])
  })

  it('writes -1 for a missing second code and nothing at all without a first one', () => {
    expect(parseOfficialBucket(spelled('S 0011 E'), samtok)).toEqual([11, -1])
    expect(parseOfficialBucket(spelled('S 0347 E'), samtok)).toBeUndefined()
    expect(parseOfficialBucket('no words', samtok)).toBeUndefined()
    expect(parseOfficialBucket(spelled('0001 0600'), samtokVocabulary({ levels: 3 }))).toEqual([1, -1, -1])
  })

  it('fails on an id of 512 or more, as the published code does', () => {
    expect(() => parseOfficialBucket(spelled('S 0011 9999 E'), samtok)).toThrow(
      expect.objectContaining({ code: 'official-failure', at: 23 }),
    )
    expect(parseOfficialBucket(spelled('S 0011 0511 E'), samtok)).toEqual([11, 255])
  })
})

/** The published steps, with patterns: the oracle. */
function byPatterns(text: string): ['zero-mask' | 'masks', number[][]] {
  const ids = (from: string) => [...from.matchAll(/<\|mt_(\d{4})\|>/g)].map((m) => Number(m[1]))
  let list = ids(text)
  if (list.length === 0) return ['zero-mask', []]
  if (list.length % 2 === 1) {
    const start = '<\\|mt_start\\|>'
    const end = '<\\|mt_end\\|>'
    const code = '<\\|mt_\\d+\\|>'
    const repaired = text
      .replace(new RegExp(`(${start}${code}${code})(?:${code})+(${end})`, 'g'), '$1$2')
      .replace(new RegExp(`(${start}${code})(${end})`, 'g'), '$1<|mt_9999|>$2')
      .replace(new RegExp(`(${start}${code})(?!<\\|mt_)`, 'g'), '$1<|mt_9999|><|mt_end|>')
    const whole = new RegExp(`${start}<\\|mt_(\\d{4})\\|><\\|mt_(\\d{4})\\|>${end}`, 'g')
    list = [...repaired.matchAll(whole)].flatMap((m) => [Number(m[1]), Number(m[2])])
  }
  const masks: number[][] = []
  for (let k = 0; k < list.length; k += 2) {
    const c2 = list[k + 1]! - 256
    if (list[k]! < 256) masks.push([list[k]!, c2 >= 0 && c2 < 256 ? c2 : -1])
  }
  return ['masks', masks]
}
