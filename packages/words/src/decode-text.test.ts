import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { declaredXmlEncoding, decodeText } from './decode-text.ts'
import { WordsError } from './error.ts'

const bytes = (hex: string) => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16))
const failure = (run: () => unknown): string => {
  try {
    return `no error: ${JSON.stringify(run())}`
  } catch (error) {
    expect(error).toBeInstanceOf(WordsError)
    return `${(error as WordsError).message} @${(error as WordsError).at}`
  }
}

describe('cup, in the encodings of the field', () => {
  // 杯子, café, コップ
  test.each([
    ['e6 9d af e5 ad 90', {}, '杯子'],
    ['ef bb bf e6 9d af', {}, '杯'],
    ['b1 ad d7 d3', { encoding: 'GB2312' }, '杯子'],
    ['b1 ad d7 d3', { declared: 'gbk' }, '杯子'],
    ['b1 ad d7 d3', { encoding: 'gb18030', declared: 'latin1' }, '杯子'],
    ['63 61 66 e9', { encoding: 'latin-1' }, 'café'],
    ['93 63 75 70 94 80', { encoding: 'cp1252' }, '“cup”€'],
    ['83 52 83 62 83 76', { encoding: 'Shift-JIS' }, 'コップ'],
    ['ff fe 6f 67 50 5b', {}, '杯子'],
    ['fe ff 67 6f 5b 50', {}, '杯子'],
    ['ff fe 6f 67 50 5b', { encoding: 'gb18030' }, '杯子'],
    ['6f 67 50 5b', { encoding: 'utf-16' }, '杯子'],
    ['67 6f 5b 50', { encoding: 'UTF-16BE' }, '杯子'],
    ['63 75 70', { declared: 'UTF-16' }, 'cup'],
    ['63 75 70', { declared: 'us-ascii' }, 'cup'],
  ] as const)('%s %j', (hex, options, text) => {
    expect(decodeText(bytes(hex), options)).toBe(text)
  })
})

test('what does not fit is refused with its byte, never replaced', () => {
  expect(failure(() => decodeText(bytes('7b 22 b1 ad')))).toBe(
    'the text is not UTF-8: byte 2 (0xb1) does not fit @2',
  )
  expect(failure(() => decodeText(bytes('41 e6 9d')))).toBe(
    'the text is not UTF-8: byte 1 (0xe6) does not fit @1',
  )
  expect(failure(() => decodeText(bytes('ef bb bf 41 ff')))).toBe(
    'the text is not UTF-8: byte 4 (0xff) does not fit @4',
  )
  expect(failure(() => decodeText(bytes('41 80 ff'), { encoding: 'shift_jis' }))).toMatch(
    /byte 1 \(0x80\)|byte 2/,
  )
  expect(failure(() => decodeText(bytes('41 81'), { encoding: 'windows-1252' }))).toMatch(/byte 1 \(0x81\)/)
  expect(failure(() => decodeText(bytes('7b 00 22 00 b1 67')))).toMatch(
    /looks like UTF-16LE without a byte order mark/,
  )
  expect(failure(() => decodeText(bytes('ff fe 00 00 41 00 00 00')))).toMatch(/UTF-32/)
  expect(failure(() => decodeText(bytes('41'), { encoding: 'klingon' }))).toMatch(
    /no encoding of text is called/,
  )
  expect(failure(() => decodeText(bytes('c3 a9'), { encoding: 'ascii' }))).toBe('no error: "é"')
})

test('a character that is cut off, or has no second half, is named by its first byte', () => {
  const at = (hex: string) => {
    try {
      decodeText(bytes(hex))
    } catch (error) {
      return (error as WordsError).at
    }
    return undefined
  }
  expect([at('ff fe 00'), at('ff fe 41 00 3d d8'), at('fe ff 00 41 d8 3d 00 41')]).toEqual([2, 4, 4])
})

test('XML declares its encoding', () => {
  const declared = (text: string) => declaredXmlEncoding(new TextEncoder().encode(text))
  expect(declared('<?xml version="1.0" encoding="gbk"?>')).toBe('gbk')
  expect(declared("<?xml version='1.0' encoding = 'Shift_JIS' standalone='yes'?><a/>")).toBe('Shift_JIS')
  expect(declared('<a encoding="gbk"/>')).toBeUndefined()
})

test('the byte named is the one that the engine refuses; what is decoded encodes back', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom([], [0xff, 0xfe], [0xfe, 0xff]),
      (rest, mark) => {
        const input = Uint8Array.from([...mark, ...rest])
        let text: string | undefined
        try {
          text = decodeText(input)
        } catch (error) {
          const at = (error as WordsError).at!
          if (at === 0) return
          // All before the byte is text, and it is no longer with it.
          const before = input.subarray(0, at)
          expect(() => decodeText(before)).not.toThrow()
          const whole = new TextDecoder('utf-8', { fatal: true })
          expect(() => whole.decode(input)).toThrow()
        }
        if (text === undefined || input[0] === 0xef || input[0]! >= 0xfe) return
        expect([...new TextEncoder().encode(text)]).toEqual([...input])
      },
    ),
    { numRuns: 2000 },
  )
})
