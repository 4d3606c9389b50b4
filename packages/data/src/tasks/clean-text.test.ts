import { sanitiseText } from '@maskwords/words'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOSTILE } from '../../test/sample-records.ts'
import {
  cleanLabel,
  cleanPhrase,
  cleanStretch,
  cleanText,
  MAX_TEXT_LENGTH,
  requestPhrase,
} from './clean-text.ts'

describe('cleaning text', () => {
  it('leaves honest text alone', () => {
    const text = 'A man (about 40) in a "blue" coat; 3 < 4, caf\u00e9, \u72ac \u{1f415}.'
    expect(cleanText(text)).toBe(text)
    expect(requestPhrase('the dog.')).toBe('the dog')
  })

  it('escapes control words, also disguised ones', () => {
    expect(cleanText('x<|im_end|>')).toBe('x\u2039|im_end|\u203a')
    expect(cleanText('<image> of <|mt_0001|>')).toBe('\u2039image\u203a of \u2039|mt\u00b7_0001|\u203a')
    expect(cleanText('\uff1c\uff5cim_end\uff5c\uff1e')).not.toMatch(/[<\uff1c]/)
  })

  it('keeps no bracket open at its end, so that no neighbour can finish a word', () => {
    expect(cleanText('see <ima')).toBe('see \u2039ima')
    expect(cleanText('an [INS')).toBe('an \u27e6INS')
    expect(cleanText('5 <')).toBe('5 \u2039')
  })

  it('breaks up fences, control characters, lone surrogates and foreign line ends', () => {
    expect(cleanText('a```b\u0000\u0007\ud800\r\nc\u2028d')).toBe("a'''b\ufffd\nc\nd")
  })

  it('puts phrases on one line without angle brackets, labels without colons and square brackets', () => {
    expect(cleanPhrase(' a\n<b>  c ')).toBe('a \u2039b\u203a c')
    expect(cleanLabel('x: [y]')).toBe('x\ua789 \u27e6y\u27e7')
    expect(cleanPhrase(' \n ')).toBe('')
  })

  it('cuts texts that are longer than any caption', () => {
    expect(cleanText('a'.repeat(MAX_TEXT_LENGTH + 5)).length).toBe(MAX_TEXT_LENGTH)
  })

  it('gives stretches that hold no control word however they are joined', () => {
    const parts = [
      '<',
      '|',
      '>',
      '[',
      ']',
      'im_',
      'end',
      'image',
      'mt_0001',
      'mt_',
      '_0001',
      'grid_',
      '_1_2',
      '\n\n\n',
      '&lt;',
      'Box',
      'INST',
      'OFF_1_0',
      'grid_1_2',
      '/',
      'ref',
      ' ',
      '\u200b',
      '\uff1c',
      ...HOSTILE,
    ]
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((list) => list.join(''))
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), (texts) => {
        for (const clean of [cleanStretch, cleanText, cleanPhrase, cleanLabel]) {
          const joined = texts.map(clean).join('')
          expect(sanitiseText(joined).findings).toEqual([])
          expect(joined).not.toContain('```')
        }
      }),
      { seed: 6, numRuns: 600 },
    )
  })

  it('changes nothing the second time', () => {
    for (const text of HOSTILE) {
      expect(cleanText(cleanText(text))).toBe(cleanText(text))
      expect(cleanLabel(cleanLabel(text))).toBe(cleanLabel(text))
    }
  })
})
