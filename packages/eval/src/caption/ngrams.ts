// Counts of word sequences (n-grams), the common core of BLEU and CIDEr.

/** Between the words of a key; no token holds it. */
const BETWEEN = '\u0000'

/** How often each sequence of `n` words occurs, for n = 1 to `longest`: element n - 1 is for n. */
export function ngramCounts(tokens: readonly string[], longest: number): Map<string, number>[] {
  return Array.from({ length: longest }, (_, i) => {
    const counts = new Map<string, number>()
    for (let at = 0; at + i < tokens.length; at++) {
      const key = tokens.slice(at, at + i + 1).join(BETWEEN)
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
    return counts
  })
}
