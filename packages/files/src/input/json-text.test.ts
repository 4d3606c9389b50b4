import { expect, test } from 'vitest'
import { MaskwordsError } from '../error.ts'
import { parseJson } from './json-text.ts'

function failure(text: string): MaskwordsError {
  try {
    parseJson(new TextEncoder().encode(text), 'a.json')
  } catch (error) {
    if (error instanceof MaskwordsError) return error
    throw error
  }
  throw new Error('it did not fail')
}

test.each([
  ['{"a": [1, NaN]}', 'line 1, column 11'],
  ['{"a": 1,\n "b": -Infinity}', 'line 2, column 7'],
])('%j names the place of a number that JSON does not have', (text, at) => {
  const error = failure(text)
  expect([error.code, error.at]).toEqual(['malformed', at])
  expect(error.message).not.toContain('too early')
  expect(error.hint).toContain('allow_nan')
})

test.each([
  ['{"a": 1,}', 'line 1, column 9'],
  ['[1, 2,]', 'line 1, column 7'],
  ["{'a': 1}", 'line 1, column 2'],
  ['{"a" 1}', 'line 1, column 6'],
  ['{"a": 01}', 'line 1, column 7'],
  ['[1 2]', 'line 1, column 4'],
  ['[1}', 'line 1, column 3'],
  ['[1]]', 'line 1, column 4'],
  ['{"a": tru, "b": 1}', 'line 1, column 7'],
  ['["a\nb"]', 'line 1, column 2'],
  ['["\\x"]', 'line 1, column 2'],
])('%j is wrong where it is wrong', (text, at) => {
  const error = failure(text)
  expect([error.at, error.hint]).toEqual([at, undefined])
})

test('JSON that was cut off anywhere is said to be cut off', () => {
  const whole = '{"a": [1.5e-3, "b\\n", true, null, {"c": {}}], "d": [[]]}'
  for (let length = 1; length < whole.length; length++) {
    const error = failure(whole.slice(0, length))
    expect([whole.slice(0, length), error.message]).toEqual([
      whole.slice(0, length),
      'not valid JSON: the text ends too early',
    ])
  }
})

test('a megabyte of opening brackets or of quotes is looked at once', () => {
  expect(failure(`{"imageData": "${'A'.repeat(5_000_000)}", "x": NaN}`).at).toBe('line 1, column 5000024')
  for (const piece of ['[', '"', '{"a":', '[1,', '-', '"\\']) {
    const start = process.cpuUsage()
    failure(piece.repeat(Math.ceil(1e6 / piece.length)))
    const { user, system } = process.cpuUsage(start)
    expect([piece, (user + system) / 1000 < 1000]).toEqual([piece, true])
  }
})
