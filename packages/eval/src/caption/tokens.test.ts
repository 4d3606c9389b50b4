import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bleu, rougeL } from './bleu.ts'
import { cider } from './cider.ts'
import { captionTokens, MAX_CAPTION_LENGTH, wordsOfTokens } from './tokens.ts'

const recorded = JSON.parse(
  readFileSync(new URL('../../test/treebank-tokens.json', import.meta.url), 'utf8'),
) as { captions: [caption: string, tokens: string][] }

const words = (text: string) => text.split(' ')

describe('words of a caption', () => {
  it('are those that Stanford’s tokeniser 3.4.1 gave for the recorded captions', () => {
    expect(recorded.captions.length).toBeGreaterThan(700)
    for (const [caption, tokens] of recorded.captions) {
      expect({ caption, tokens: captionTokens(caption).join(' ') }).toEqual({ caption, tokens })
    }
  })

  it('are lower-cased, contractions are split, punctuation is left out', () => {
    expect(captionTokens("A man isn't riding; it's the dog's bike!")).toEqual(
      words("a man is n't riding it 's the dog 's bike"),
    )
    expect(captionTokens('I cannot. Mr. Fox.')).toEqual(words('i can not mr. fox'))
    expect(captionTokens(' \n. , !')).toEqual([])
  })

  it('typographic quotes, dashes, ellipses and guillemets are punctuation; brackets and !!! are words', () => {
    expect(captionTokens('Two “big” cats — one ‘small’ … «grey» – it’s')).toEqual(
      words("two big cats one small grey it 's"),
    )
    expect(captionTokens('wow!!! (red) [x] {y}')).toEqual(
      words('wow !!! -lrb- red -rrb- -lsb- x -rsb- -lcb- y -rcb-'),
    )
  })

  it('a caption with typographic quotes is the caption with straight ones', () => {
    const samples = [
      {
        id: 'a',
        caption: '“A dog” – it’s running…',
        references: ['"A dog" -- it\'s running...'],
      },
      { id: 'b', caption: 'a cat', references: ['a cat'] },
    ]
    // Four words and more: every length of sequence is there.
    expect(bleu(samples.slice(0, 1)).score).toBeCloseTo(1, 6)
    expect(rougeL(samples).score).toBe(1)
    expect(cider(samples).rows[0]!.score).toBeCloseTo(10, 9)
  })

  it('a mixed number is one token, and two words to metrics that split a joined text', () => {
    expect(captionTokens('1 1/2 cups')).toEqual(['1\u00a01/2', 'cups'])
    expect(wordsOfTokens(captionTokens('1 1/2 cups'))).toEqual(['1', '1/2', 'cups'])
  })

  it('any text is read, without a token that is empty or holds a blank', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
        for (const token of captionTokens(text)) expect(token).toMatch(/^[^ \n]+$/u)
      }),
      { numRuns: 300 },
    )
  })

  it.each([
    ['an address without an end', 'a.'],
    ['stops', '.'],
    ['letters', 'a'],
    ['digits with marks', '1,'],
    ['hyphens between letters', 'a-'],
    ['tags without an end', '<a b="'],
    ['addresses', '@a.'],
    ['initials', 'U.S. '],
    ['quotes', "'"],
    ['ampersands', '&amp'],
  ])('the longest text of %s is read in a moment', (_, piece) => {
    const text = piece.repeat(MAX_CAPTION_LENGTH / piece.length)
    const started = performance.now()
    captionTokens(text)
    expect(performance.now() - started).toBeLessThan(5000)
  })
})
