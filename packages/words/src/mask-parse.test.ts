// Strict parsing: every repair with an example, places, streams, token ids, hostile text.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { randomWords, spelled } from '../test/spelled.ts'
import { tookMs } from '../test/timing.ts'
import { maskDialect } from './mask-dialect.ts'
import { formatMaskDisplay, formatMaskWords, maskTokenIds } from './mask-format.ts'
import { parseMaskLanguages } from './mask-languages.ts'
import { codesFromText, parseMaskTokenIds, parseMaskWords, usableCodes } from './mask-parse.ts'
import { describeRepair, type MaskSpan } from './mask-span.ts'
import { type MaskEvent, maskStream } from './mask-stream.ts'
import { himtokVocabulary, type SpanVocabulary, samtokVocabulary, withTokenIds } from './vocabulary.ts'

const samtok = samtokVocabulary()
const himtok = himtokVocabulary()
const brief = (span: MaskSpan) => [span.status, span.codes, span.repairs.map((repair) => repair.kind)]

describe('strict parsing of SAMTok', () => {
  const table: [short: string, ...spans: [string, number[], string[]][]][] = [
    ['S 0011 0347 E', ['complete', [11, 91], []]],
    ['see S 0011 0347 E and S 0007 0256 E .', ['complete', [11, 91], []], ['complete', [7, 0], []]],
    ['S 0011 E', ['repaired', [11, -1], ['missing-code']]],
    ['S 0011', ['repaired', [11, -1], ['missing-code', 'missing-end']]],
    ['S 0011 0347', ['repaired', [11, 91], ['missing-end']]],
    ['S 0011 0347 , then', ['repaired', [11, 91], ['missing-end']]],
    ['S 0186 0410 0186 E', ['repaired', [186, 154], ['extra-code']]],
    ['S 0186 0410 0186 0410 E', ['repaired', [186, 154], ['extra-code']]],
    ['S 0347 0011 E', ['repaired', [11, 91], ['swapped-levels']]],
    ['S 0011 0012 E', ['repaired', [11, -1], ['wrong-level', 'missing-code']]],
    ['S 0347 E', ['rejected', [], ['wrong-level', 'missing-code']]],
    ['S 0011 9999 E', ['repaired', [11, -1], ['unknown-id', 'missing-code']]],
    ['S 9999 0011 0347 E', ['repaired', [11, 91], ['unknown-id']]],
    ['S 11 347 E', ['repaired', [11, 91], ['digits']]],
    ['S 00011 0347 E', ['repaired', [11, 91], ['digits']]],
    ['S _ 0011 _ 0347 _ E', ['repaired', [11, 91], ['whitespace', 'whitespace', 'whitespace']]],
    [
      'S 0011 S 0007 0300 E',
      ['repaired', [11, -1], ['missing-code', 'missing-end', 'nested-start']],
      ['complete', [7, 44], []],
    ],
    [
      'S S 0011 0347 E',
      ['rejected', [], ['empty', 'missing-end', 'nested-start']],
      ['complete', [11, 91], []],
    ],
    ['S E', ['rejected', [], ['empty']]],
    ['0011 0347 E', ['repaired', [11, 91], ['missing-start']]],
    ['0011 0347', ['repaired', [11, 91], ['missing-start', 'missing-end']]],
    [
      '0011 0347 0007 0300',
      ['repaired', [11, 91], ['missing-start', 'missing-end']],
      ['repaired', [7, 44], ['missing-start', 'missing-end']],
    ],
    ['0011 E', ['rejected', [], ['missing-start', 'missing-code']]],
    ['S 0011 0347 E E', ['complete', [11, 91], []], ['rejected', [], ['stray-end']]],
    [
      'S 0011 foo 0347 E',
      ['repaired', [11, -1], ['missing-code', 'missing-end']],
      ['rejected', [], ['missing-start', 'wrong-level', 'missing-code']],
    ],
    ['<|mt_<|mt_start|> <|mt_x|> <|mt_12', ['rejected', [], ['empty', 'missing-end']]],
  ]
  for (const [short, ...spans] of table) {
    it(`reads "${short}"`, () => {
      expect(parseMaskWords(spelled(short), samtok).spans.map(brief)).toEqual(spans)
    })
  }

  it('gives places that cut the words out of the text, and places inside for repairs', () => {
    const text = `a ${spelled('S 0186 0410 0186 0001 E')} b`
    const [span] = parseMaskWords(text, samtok).spans
    expect(text.slice(span!.start, span!.end)).toBe(spelled('S 0186 0410 0186 0001 E'))
    const [extra] = span!.repairs
    expect(text.slice(extra!.start, extra!.end)).toBe(spelled('0186 0001'))
    expect(describeRepair(extra!)).toBe('codes too many, dropped (2) at 36')
    expect(span!.ids).toEqual([186, 410, 186, 1])
  })

  it('keeps levels apart in deeper vocabularies and drops what lies below a missing level', () => {
    const deep = samtokVocabulary({ codesPerLevel: 1024, levels: 4 })
    expect(formatMaskWords([1, 2, 3, 4], deep)).toBe(spelled('S 0001 1026 2051 3076 E'))
    expect(brief(parseMaskWords(spelled('S 0001 1026 3076 E'), deep).spans[0]!)).toEqual([
      'repaired',
      [1, 2, -1, -1],
      ['wrong-level', 'missing-code'],
    ])
  })

  it('widens the padding beyond 10,000 codes', () => {
    const wide = samtokVocabulary({ codesPerLevel: 8192, levels: 2 })
    expect(formatMaskWords([1, 2], wide)).toBe(spelled('S 00001 08194 E'))
    expect(samtokVocabulary({ codesPerLevel: 5000 }).digits).toBe(4)
    expect(samtokVocabulary({ codesPerLevel: 5001 }).digits).toBe(5)
  })

  it('tolerates 16 blanks between words and not 17', () => {
    const gap = (blanks: number) => `<|mt_start|><|mt_0011|>${' '.repeat(blanks)}<|mt_0347|><|mt_end|>`
    expect(usableCodes(parseMaskWords(gap(16), samtok))).toEqual([[11, 91]])
    expect(usableCodes(parseMaskWords(gap(17), samtok))).toEqual([[11, -1]])
  })
})

describe('strict parsing of HiMTok', () => {
  const ids = Array.from({ length: 32 }, (_, k) => k * 33)
  const whole = formatMaskWords(ids, himtok)
  it('is complete with 32 codes, or with the number that was asked for', () => {
    expect(brief(parseMaskWords(whole, himtok).spans[0]!)).toEqual(['complete', ids, []])
    const four = parseMaskWords(spelled('S 1 22 333 1023 E'), himtok, { expectedLength: 4 })
    expect(brief(four.spans[0]!)).toEqual(['complete', [1, 22, 333, 1023], []])
  })
  it('reads a prefix that was cut off, not one that was interrupted', () => {
    expect(brief(parseMaskWords(spelled('S 1 22 E'), himtok).spans[0]!)).toEqual([
      'repaired',
      [1, 22],
      ['missing-code'],
    ])
    expect(brief(parseMaskWords(spelled('S 1 22'), himtok).spans[0]!)[0]).toBe('repaired')
    expect(brief(parseMaskWords(spelled('S 1 22 and'), himtok).spans[0]!)[0]).toBe('rejected')
    expect(brief(parseMaskWords(spelled('S 1 22 S'), himtok).spans[0]!)[0]).toBe('rejected')
  })
  it('rejects unknown ids, trims what is too long, notes padding', () => {
    expect(brief(parseMaskWords(spelled('S 1 1024 E'), himtok).spans[0]!)).toEqual([
      'rejected',
      [],
      ['unknown-id', 'missing-code'],
    ])
    const long = parseMaskWords(whole.replace('<|mt_end|>', '<|mt_5|><|mt_end|>'), himtok).spans[0]!
    expect(brief(long)).toEqual(['repaired', ids, ['extra-code']])
    const padded = parseMaskWords(spelled('S 007 E'), himtok, { expectedLength: 1 }).spans[0]!
    expect(brief(padded)).toEqual(['repaired', [7], ['digits']])
  })
})

describe('words of the other language', () => {
  const foreign = ['rejected', [], ['other-language']]
  it('are never read as masks of this one', () => {
    expect(brief(parseMaskWords(spelled('S 0011 0347 E'), himtok).spans[0]!)).toEqual(foreign)
    expect(brief(parseMaskWords(spelled('S 1 22 333 1023 E'), samtok).spans[0]!)).toEqual(foreign)
    expect(brief(parseMaskWords(spelled('S 903 17 E'), samtok).spans[0]!)).toEqual(foreign)
    expect(() => codesFromText(spelled('S 1 22 333 E'), samtok)).toThrow(
      /as HiMTok spells them; those of SAMTok/,
    )
  })
  it('are read by token ids all the same: ids have no spelling', () => {
    const withIds = withTokenIds(himtok, { firstTokenId: 0 })
    expect(parseMaskTokenIds(maskTokenIds([11, 347], withIds), withIds).spans[0]!.codes).toEqual([11, 347])
  })
  it('are read span by span where both are known', () => {
    const text = spelled('one S 0011 0347 E two S 903 17 40 E three S 11 347 E four 0007 0300')
    expect(
      parseMaskLanguages(text).map(({ language, certainty, codes }) => [language, certainty, codes]),
    ).toEqual([
      ['samtok', 'certain', [11, 91]],
      ['himtok', 'certain', [903, 17, 40]],
      ['samtok', 'likely', [11, 91]],
      ['samtok', 'certain', [7, 44]],
    ])
  })
  it('what either could have written goes with the rest of the text', () => {
    const languages = (text: string) => parseMaskLanguages(spelled(text)).map(({ language }) => language)
    expect(languages('S 11 347 E')).toEqual(['samtok'])
    expect(languages('S 11 347 E S 903 17 40 E')).toEqual(['himtok', 'himtok'])
    expect(languages('S E S 7 E')).toEqual(['samtok', 'himtok'])
  })
})

describe('telling the dialects apart', () => {
  const table: [short: string, kind: string | undefined, certainty?: string][] = [
    ['S 0011 0347 E', 'samtok', 'certain'],
    ['S 11 347 E', 'samtok', 'likely'],
    ['S 347 11 E', 'himtok', 'likely'],
    ['S 1 2 3 4 E', 'himtok', 'certain'],
    ['S 7 E', 'himtok', 'likely'],
    ['S 700 E', 'himtok', 'likely'],
    ['no words', undefined],
  ]
  for (const [short, kind, certainty] of table) {
    it(`takes "${short}" for ${kind}`, () => {
      expect(maskDialect(spelled(short))).toEqual(kind === undefined ? undefined : { kind, certainty })
    })
  }
})

describe('formatting', () => {
  it('writes canonical and display forms and reads both back', () => {
    expect(formatMaskWords([11, 91], samtok)).toBe('<|mt_start|><|mt_0011|><|mt_0347|><|mt_end|>')
    expect(formatMaskDisplay([11, 91], samtok)).toBe('<11-347>')
    expect(formatMaskWords([11, -1], samtok)).toBe('<|mt_start|><|mt_0011|><|mt_end|>')
    expect(codesFromText(' <11-347> ', samtok)).toEqual([11, 91])
    expect(codesFromText('<11>', samtok)).toEqual([11, -1])
    expect(codesFromText('<1-2-1023>', himtok)).toEqual([1, 2, 1023])
    expect(() => codesFromText('<347-11>', samtok)).toThrow(/found 0 masks/)
  })
  it('names the code that does not fit', () => {
    expect(() => formatMaskWords([11, 256], samtok)).toThrow(/code 1 .* 0 to 255, got 256/)
    expect(() => formatMaskWords([-1, 3], samtok)).toThrow(/code 0/)
    expect(() => formatMaskWords([1], samtok)).toThrow(/2 codes, got 1/)
    expect(() => formatMaskWords([], himtok)).toThrow(/1 to 32 codes/)
  })
})

const anyVocabulary: fc.Arbitrary<SpanVocabulary> = fc.oneof(
  fc
    .record({ codesPerLevel: fc.integer({ min: 1, max: 9000 }), levels: fc.integer({ min: 1, max: 6 }) })
    .map(samtokVocabulary),
  fc
    .record({ codes: fc.integer({ min: 1, max: 4096 }), maxLength: fc.integer({ min: 1, max: 40 }) })
    .map(himtokVocabulary),
)

/** Codes of a mask of full length for any vocabulary. */
function codesOf(vocabulary: SpanVocabulary, seed: number): number[] {
  const [count, base] =
    vocabulary.kind === 'samtok'
      ? [vocabulary.levels, vocabulary.codesPerLevel]
      : [vocabulary.maxLength, vocabulary.codes]
  return Array.from({ length: count }, (_, k) => (seed * (k + 7) * 7919) % base)
}

describe('properties', () => {
  it('reads back what it writes, for every vocabulary, as text and as token ids', () => {
    fc.assert(
      fc.property(anyVocabulary, fc.nat(1_000_000), fc.nat(100_000), (vocabulary, seed, firstTokenId) => {
        const codes = codesOf(vocabulary, seed)
        const [span, more] = parseMaskWords(`x ${formatMaskWords(codes, vocabulary)} y`, vocabulary).spans
        expect([span!.codes, span!.status, more]).toEqual([codes, 'complete', undefined])
        const withIds = withTokenIds(vocabulary, { firstTokenId })
        const ids = maskTokenIds(codes, withIds)
        const [same] = parseMaskTokenIds([firstTokenId + vocabulary.wordCount, ...ids], withIds).spans
        expect(same).toMatchObject({ codes, status: 'complete', start: 1, end: ids.length + 1 })
      }),
    )
  })

  it('gives every mask word of any text to exactly one span', () => {
    const random = randomWords(11)
    for (let k = 0; k < 20_000; k++) {
      const text = random()
      const { spans } = parseMaskWords(text, samtok)
      let outside = ''
      let at = 0
      for (const span of spans) {
        expect(span.start).toBeGreaterThanOrEqual(at)
        expect(text.slice(span.start, span.end)).toMatch(
          /^<\|mt_(start|end|\d+)\|>(.*<\|mt_(start|end|\d+)\|>)?$/s,
        )
        if (span.status !== 'rejected') expect(() => formatMaskWords(span.codes, samtok)).not.toThrow()
        outside += `${text.slice(at, span.start)}\n`
        at = span.end
      }
      outside += text.slice(at)
      expect(outside).not.toMatch(/<\|mt_(start|end|\d{1,12})\|>/)
    }
  })

  it('streams to the same spans however the text is split', () => {
    const random = randomWords(23)
    const splits = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(fc.nat(50), splits, (skip, lengths) => {
        for (let k = 0; k < skip % 7; k++) random()
        const text = `\u{1f600}${random()}\u{1f600} ${random()}`
        const deltas: string[] = []
        for (let at = 0, k = 0; at < text.length; k++) {
          const length = lengths[k % lengths.length]!
          deltas.push(text.slice(at, at + length))
          at += length
        }
        const { events, parse } = streamed(deltas)
        expect(parse).toEqual(parseMaskWords(text, samtok))
        expect(rebuilt(events, text)).toBe(text)
        for (const event of events) {
          if (event.type === 'text') expect(event.text).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/)
        }
      }),
      { numRuns: 3000 },
    )
  })

  it('never throws on any string', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        expect(parseMaskWords(text, samtok).spans).toEqual([])
        expect(parseMaskWords(text, himtok, { maxSpans: 1 }).spans).toEqual([])
      }),
    )
  })
})

function streamed(deltas: string[]) {
  const stream = maskStream(samtok)
  const events: MaskEvent[] = []
  for (const delta of deltas) events.push(...stream.push(delta))
  const last = stream.end()
  return { events: [...events, ...last.events], parse: last.parse }
}

function rebuilt(events: MaskEvent[], text: string): string {
  let built = ''
  for (const event of events) {
    if (event.type === 'text') built += event.text
    else if (event.type === 'span-end') built += text.slice(event.span.start, event.span.end)
  }
  return built
}

describe('streams', () => {
  it('tells of codes as they come and holds back no more than the beginning of a word', () => {
    const stream = maskStream(samtok)
    expect(stream.push('A cat <|mt')).toEqual([{ type: 'text', start: 0, end: 6, text: 'A cat ' }])
    expect(stream.push('_start|><|mt_0011|')).toEqual([{ type: 'span-start', start: 6 }])
    expect(stream.push('><|mt_')).toEqual([{ type: 'code', id: 11, index: 0, start: 18, end: 29 }])
    expect(stream.push('x')).toEqual([
      { type: 'repair', repair: { kind: 'missing-code', start: 29, end: 29, count: 1 } },
      { type: 'repair', repair: { kind: 'missing-end', start: 29, end: 29, count: 1 } },
      { type: 'span-end', span: expect.objectContaining({ codes: [11, -1], start: 6, end: 29 }) },
      { type: 'text', start: 29, end: 35, text: '<|mt_x' },
    ])
    expect(stream.end().parse.spans).toHaveLength(1)
    expect(() => stream.push('more')).toThrow(/has ended/)
  })

  it('takes token ids, with padded output rows as foreign tokens', () => {
    const qwen = withTokenIds(samtok, { firstTokenId: 151669 })
    const stream = maskStream(qwen)
    const events = [
      ...stream.pushTokenIds([5, 6, 151669, 151681]),
      ...stream.pushTokenIds([152017, 152182, 152190]),
    ]
    expect(events.map((event) => event.type)).toEqual([
      'tokens',
      'span-start',
      'code',
      'code',
      'span-end',
      'tokens',
    ])
    expect(stream.end().parse.spans.map(brief)).toEqual([['complete', [11, 91], []]])
    expect(() => maskStream(samtok).pushTokenIds([1])).toThrow(/does not know its token ids/)
  })
})

describe('hostile text', () => {
  const tenMegabytes = 10_000_000
  const texts: [name: string, unit: string][] = [
    ['beginnings of words', '<|mt_'],
    ['start words', '<|mt_start|>'],
    ['starts with a code', '<|mt_start|><|mt_0001|>'],
    ['end words', '<|mt_end|>'],
    ['codes', '<|mt_0001|>'],
    ['angle brackets', '<'],
    ['digits after a head', '0'],
    ['blanks in a span', ' '],
    ['words with blanks', '<|mt_0001|> '],
  ]
  for (const [name, unit] of texts) {
    it(`reads ten megabytes of ${name} in time linear in their length`, () => {
      const text = `<|mt_start|><|mt_${unit.repeat(tenMegabytes / unit.length)}`
      const ms = tookMs(() => {
        const { spans } = parseMaskWords(text, samtok, { maxSpans: 1000 })
        expect(spans.length).toBeLessThanOrEqual(1000)
      }, 3000)
      expect(ms).toBeLessThan(3000)
    })
  }

  it('streams a megabyte of beginnings one character at a time', () => {
    const stream = maskStream(samtok, { maxSpans: 10 })
    const text = '<|mt_0'.repeat(170_000)
    for (let k = 0; k < text.length; k++) stream.push(text[k]!)
    expect(stream.end().parse.spans).toEqual([])
  })

  it('counts the spans that it does not keep', () => {
    const parse = parseMaskWords(spelled('E').repeat(10), samtok, { maxSpans: 3 })
    expect([parse.spans.length, parse.omittedSpans]).toEqual([3, 7])
  })
})
