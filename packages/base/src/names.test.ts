import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { namesHint, nearest } from './names.ts'

describe('names', () => {
  const names = ['encode', 'decode', 'eval', 'samtok-nano', 'himtok-nano', 'getok', 'n']

  it.each([
    ['encdoe', 'encode'],
    ['DECODE', 'decode'],
    ['samtok', 'samtok-nano'],
    ['SAMTok', 'samtok-nano'],
    ['himtok_nano', 'himtok-nano'],
    ['gettok', 'getok'],
    ['ev', 'eval'],
    ['samtok-256x2', 'samtok-nano'],
    ['getok:', 'getok'],
    ['zebra', undefined],
    ['x', undefined],
    ['', undefined],
  ])('%j is near %j', (word, near) => {
    expect(nearest(word, names)).toBe(near)
  })

  it('a slip of one letter in a name is always found, whatever the name', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'abcdefgh-'), minLength: 3, maxLength: 20 })
    fc.assert(
      fc.property(letters, fc.nat(), (name, at) => {
        const cut = at % name.length
        expect(nearest(name.slice(0, cut) + name.slice(cut + 1), [name])).toBe(name)
      }),
    )
  })

  it('a refusal says the nearest as it is typed, and all there is', () => {
    expect(namesHint('gettok', ['getok', 'himtok-nano'], (name) => `--codec ${name}`)).toBe(
      'did you mean --codec getok? There is getok, himtok-nano',
    )
    expect(namesHint('zebra', ['getok', 'himtok-nano'])).toBe('there is getok, himtok-nano')
    expect(namesHint('zebra', [])).toBe('there is none')
  })

  it('texts of any length are compared in no time', () => {
    expect(nearest('a'.repeat(1e6), ['a'.repeat(1e6 - 1)])).toBeUndefined()
  })
})
