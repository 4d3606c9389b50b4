import { describe, expect, it } from 'vitest'
import { bleu, rougeL } from './bleu.ts'
import { cider } from './cider.ts'
import { meteor } from './meteor.ts'
import { alignForMeteor } from './meteor-align.ts'
import { englishStem } from './stem.ts'

const sample = (id: string, caption: string, ...references: string[]) => ({ id, caption, references })
const words = (text: string) => text.split(' ')

describe('English stems', () => {
  // Pairs printed in the description of the stemmer and known from its rules.
  it.each([
    ['consign', 'consign'],
    ['consigned', 'consign'],
    ['consigning', 'consign'],
    ['consignment', 'consign'],
    ['consistency', 'consist'],
    ['consolation', 'consol'],
    ['consolingly', 'consol'],
    ['conspicuously', 'conspicu'],
    ['knightly', 'knight'],
    ['knives', 'knive'],
    ['knocked', 'knock'],
    ['hopping', 'hop'],
    ['hoping', 'hope'],
    ['ties', 'tie'],
    ['cries', 'cri'],
    ['gas', 'gas'],
    ['kiwis', 'kiwi'],
    ['generously', 'generous'],
    ['national', 'nation'],
    ['organization', 'organ'],
    ['happiness', 'happi'],
    ['agreed', 'agre'],
    ['sky', 'sky'],
    ['skies', 'sky'],
    ['youth', 'youth'],
    ['say', 'say'],
    ['by', 'by'],
    ['riding', 'ride'],
    ['rider', 'rider'],
  ])('%s: %s', (word, stem) => {
    expect(englishStem(word)).toBe(stem)
  })
})

describe('METEOR', () => {
  it('a perfect caption has 1', () => {
    const { score, rows } = meteor([
      sample('a', 'A dog runs.', 'a dog runs'),
      sample('b', 'two cats', 'two cats'),
    ])
    expect(rows.map((row) => row.score)).toEqual([1, 1])
    expect(score).toBe(1)
  })

  it('by hand: one content word of two and the article, in one chunk', () => {
    // Weights: a 0.25, dog 0.75, runs / sleeps 0.75: both lengths 1.75, matched 1.0. P = R = F = 4 / 7.
    // One chunk of two matches: penalty 0.6 * (1 / 2) ** 0.2.
    const { rows, score } = meteor([sample('a', 'a dog runs', 'a dog sleeps')])
    const wanted = (4 / 7) * (1 - 0.6 * 0.5 ** 0.2)
    expect(rows[0]!.score).toBeCloseTo(wanted, 12)
    expect(rows[0]!.score).toBeCloseTo(0.272954, 6)
    expect(score).toBeCloseTo(wanted, 12)
  })

  it('by hand: a stem weighs 0.6, and recall more than precision', () => {
    // Caption: dogs (0.75) matched by stem: 0.45. P = 0.45 / 0.75 = 0.6; R = 0.45 / 1.5 = 0.3.
    // F = 1 / (0.15 / 0.6 + 0.85 / 0.3); one match, one chunk, not perfect: penalty 0.6.
    const { rows } = meteor([sample('a', 'dogs', 'dog barking')])
    expect(rows[0]!.score).toBeCloseTo((1 / (0.25 + 0.85 / 0.3)) * 0.4, 12)
  })

  it('the best reference counts, and counts of the set are summed, not scores averaged', () => {
    const { rows, score } = meteor([
      sample('a', 'a dog runs', 'green water', 'a dog sleeps'),
      sample('b', 'cup', 'bird'),
    ])
    expect(rows[0]!.score).toBeCloseTo((4 / 7) * (1 - 0.6 * 0.5 ** 0.2), 12)
    expect(rows[1]!.score).toBe(0)
    // Matched 1 of 1.75 + 0.75 on both sides, one chunk of two matches.
    expect(score).toBeCloseTo((1 / 2.5) * (1 - 0.6 * 0.5 ** 0.2), 12)
  })

  it('of the ways to match repeated words the one with fewest chunks is taken', () => {
    const { matches, chunks } = alignForMeteor(words('the cat and the dog'), words('the dog and the cat'))
    expect(matches).toHaveLength(5)
    // the cat | and | the dog: three runs, whichever way round.
    expect(chunks).toBe(3)
    expect(alignForMeteor(words('the dog'), words('the old man and the dog')).chunks).toBe(1)
    // A word said a thousand times is no reason to wait.
    expect(alignForMeteor(Array(5000).fill('a'), Array(60).fill('a')).chunks).toBe(1)
    expect(alignForMeteor([], words('a b'))).toEqual({ matches: [], chunks: 0 })
  })
})

describe('CIDEr', () => {
  const samples = [sample('a', 'a red dog', 'a red dog'), sample('b', 'a cat', 'a blue cat')]

  it('by hand: an exact caption has 10 for each length that it has', () => {
    // Words: "a" is in both documents, weight 0; red and dog have log 2. Unigrams, bigrams, trigrams: cosine 1; no
    // sequence of four words, so 3 of 4 are full: 7.5.
    expect(cider(samples).rows[0]!.score).toBeCloseTo(7.5, 12)
  })

  it('by hand: one word of two, and a caption one word shorter', () => {
    // Unigrams: candidate cat, reference blue and cat, all weights log 2: cosine 1 / sqrt 2. Bigrams: "a cat" is in no
    // reference: weight log 2, product 0. Penalty for one word: exp(-1 / 72).
    const wanted = (10 / 4) * Math.SQRT1_2 * Math.exp(-1 / 72)
    expect(cider(samples).rows[1]!.score).toBeCloseTo(wanted, 12)
    expect(cider(samples, { variant: 'cider' }).rows[1]!.score).toBeCloseTo((10 / 4) * Math.SQRT1_2, 12)
    expect(cider(samples).score).toBeCloseTo((7.5 + wanted) / 2, 12)
  })

  it('by hand: -D cuts repeated words, so that saying a rare word three times does not pay', () => {
    const repeated = [sample('a', 'dog dog dog', 'dog dog'), sample('b', 'cat', 'cat')]
    // Weights in log 2: candidate 3, reference 2. Cut: min(3, 2) * 2 / (3 * 2) = 2 / 3; plain: 1.
    // Bigrams: candidate 2, reference 1: cut 1 / 2, plain 1.
    const penalty = Math.exp(-1 / 72)
    expect(cider(repeated).rows[0]!.score).toBeCloseTo((10 / 4) * (2 / 3 + 1 / 2) * penalty, 12)
    expect(cider(repeated, { variant: 'cider' }).rows[0]!.score).toBeCloseTo((10 / 4) * 2, 12)
  })

  it('several references are averaged', () => {
    const two = [sample('a', 'dog', 'dog', 'bird'), sample('b', 'cat', 'cat')]
    expect(cider(two).rows[0]!.score).toBeCloseTo(10 / 4 / 2, 12)
  })

  it('no sample gives null, one sample gives 0, an empty caption gives 0', () => {
    expect(cider([])).toEqual({ rows: [], score: null })
    expect(cider([sample('a', 'a dog', 'a dog')]).score).toBe(0)
    expect(cider([sample('a', '', 'a dog'), sample('b', 'cat', 'cat')]).rows[0]!.score).toBe(0)
  })
})

describe('BLEU and ROUGE-L', () => {
  it('by hand: three words of four and one pair of three, same length', () => {
    const samples = [sample('a', 'a dog runs fast', 'a dog walks fast')]
    expect(bleu(samples, { longest: 1 }).score).toBeCloseTo(3 / 4, 8)
    expect(bleu(samples, { longest: 2 }).score).toBeCloseTo(Math.sqrt((3 / 4) * (1 / 3)), 8)
    expect(bleu(samples).score).toBeLessThan(1e-3)
  })

  it('by hand: a short caption is punished by exp(1 - 4 / 2)', () => {
    expect(bleu([sample('a', 'a dog', 'a dog runs fast')], { longest: 2 }).score).toBeCloseTo(Math.exp(-1), 8)
  })

  it('by hand: the longest common sequence is 3 of 3 and 3 of 4 words', () => {
    const { score } = rougeL([sample('a', 'a dog fast', 'a dog runs fast')])
    expect(score).toBeCloseTo((2.44 * 0.75) / (0.75 + 1.44), 12)
    expect(rougeL([sample('a', '', 'a dog')]).score).toBe(0)
  })

  it('samples without references and double ids are refused', () => {
    expect(() => bleu([{ id: 'a', caption: 'x', references: [] }])).toThrow('no reference')
    expect(() => rougeL([sample('a', 'x', 'x'), sample('a', 'x', 'x')])).toThrow('twice')
  })
})
