import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compareRecordIds, parseExactJson, parsePythonJson, recordFlag, recordId } from './exact-json.ts'

describe('whole numbers in JSON stay exact', () => {
  it('gives those beyond 2^53 as their digits, and only those', () => {
    expect(parseExactJson('{"a": 9007199254740993, "b": [-18446744073709551614, 9007199254740991]}')).toEqual(
      {
        a: '9007199254740993',
        b: ['-18446744073709551614', 9007199254740991],
      },
    )
    expect(parseExactJson('[9007199254740993.0, 0.30000000000000004, 1e20, 12345678901234567e3]')).toEqual([
      '9007199254740993',
      0.30000000000000004,
      1e20,
      1.2345678901234567e19,
    ])
  })

  it('leaves texts alone, with quotes and backslashes in them', () => {
    const text = '["9007199254740993", "a\\\\", "\\"9007199254740993", 9007199254740993]'
    expect(parseExactJson(text)).toEqual(['9007199254740993', 'a\\', '"9007199254740993', '9007199254740993'])
  })

  it('refuses what is no JSON, also where quotes would make it some', () => {
    for (const text of ['{9007199254740993: 1}', '[09007199254740993]', '[9007199254740993x]', '[-]']) {
      expect(() => parseExactJson(text)).toThrow(SyntaxError)
    }
  })

  it('reads any JSON as JSON.parse does where no number is long', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom(0, 1, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        const plain = JSON.parse(text)
        const hasLong = /[0-9]{16}/.test(text.replace(/\.\d+|"(?:[^"\\]|\\.)*"/g, ''))
        if (!hasLong) expect(parseExactJson(text)).toEqual(plain)
      }),
    )
  })

  it('gives every whole number back', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })), fc.string(), (list, other) => {
        const text = `{"x": [${list.join(', ')}], "y": ${JSON.stringify(other)}}`
        const { x, y } = parseExactJson(text) as { x: (number | string)[]; y: string }
        expect(x.map(String)).toEqual(list.map(String))
        expect(y).toBe(other)
      }),
    )
  })
})

describe('ids and flags', () => {
  it('mean the same as numbers and as text', () => {
    expect([1, 1.0, '1'].map(recordId)).toEqual([1, 1, 1])
    expect(recordId('9007199254740993')).toBe('9007199254740993')
    expect(recordId(1e16)).toBe('10000000000000000')
    expect(Object.is(recordId(-0), 0)).toBe(true)
    expect(['01', '1.0', ' 1', 'a'].map(recordId)).toEqual(['01', '1.0', ' 1', 'a'])
    expect([null, undefined, '', Number.NaN, {}, true].map(recordId)).toEqual(Array(6).fill(undefined))
    expect([1, '1', true, 'True'].map(recordFlag)).toEqual([true, true, true, true])
    expect([0, '0', false, 'false'].map(recordFlag)).toEqual([false, false, false, false])
    expect([2, 'x', null, undefined].map(recordFlag)).toEqual(Array(4).fill(undefined))
  })

  it('are ordered as whole numbers however long they are, texts behind them', () => {
    const ids = ['b', '18446744073709551614', 2, '9007199254740993', 'a', -1]
    expect(ids.sort(compareRecordIds)).toEqual([-1, 2, '9007199254740993', '18446744073709551614', 'a', 'b'])
  })
})

describe('JSON as Python writes it', () => {
  it('reads NaN and the infinities as null and names them; texts keep theirs', () => {
    expect(parsePythonJson('{"a": NaN, "b": [-Infinity, 1], "c": "NaN \\" NaN"}')).toEqual({
      value: { a: null, b: [null, 1], c: 'NaN " NaN' },
      nonNumbers: ['NaN', '-Infinity'],
    })
    expect(() => parsePythonJson('{"a": NaN,}')).toThrow(SyntaxError)
    expect(() => parsePythonJson('{"a": nine}')).toThrow(SyntaxError)
  })
})
