// How alike two phrases are, for metrics that take any such function: the default, and what it stands in for.

import { englishStem } from './stem.ts'
import { captionTokens } from './tokens.ts'

/** 0 (nothing alike) to 1 (the same). Must not depend on anything but the two texts. */
export type TextSimilarity = (a: string, b: string) => number

const ARTICLES = new Set(['a', 'an', 'the'])

/**
 * F1 of word stems, articles left out: 2 x common / (words of a + words of b), each word as often as it stands there. Two
 * texts without words are alike if they are equal. The published metric takes the cosine of mean-pooled BERT vectors,
 * which is above 0.5 for most pairs of English phrases; this is stricter: half of the words must be the same.
 */
export function tokenF1(a: string, b: string): number {
  const p = stems(a)
  const q = stems(b)
  if (p.length + q.length === 0) return a === b ? 1 : 0
  const left = new Map<string, number>()
  for (const stem of q) left.set(stem, (left.get(stem) ?? 0) + 1)
  let common = 0
  for (const stem of p) {
    const n = left.get(stem) ?? 0
    if (n === 0) continue
    left.set(stem, n - 1)
    common++
  }
  return (2 * common) / (p.length + q.length)
}

function stems(text: string): string[] {
  return captionTokens(text)
    .filter((token) => !ARTICLES.has(token))
    .map(englishStem)
}
