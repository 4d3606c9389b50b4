// How often codes are said: counts that ship with the studio. scripts/codebook-usage.ts makes the file.
import file from './usage.json'

type UsageFile = {
  /** What was counted, in one sentence. */
  readonly counted: string
  readonly codecs: Readonly<
    Record<
      'samtok' | 'himtok',
      {
        /** SHA-256 of the weights that spoke. */
        readonly weights: string
        readonly masks: number
        /** By place of the word: `code:count` of codes that were said, by falling count, joined by blanks. */
        readonly places: readonly string[]
      }
    >
  >
}

export type Usage = {
  readonly counted: string
  readonly masks: number
  /** SHA-256 of the weights that spoke. */
  readonly weights: string
  /** By code. */
  readonly counts: Uint32Array
}

/** Counts of the codes of one place. */
export function usageOf(codec: 'samtok' | 'himtok', place: number, codes: number): Usage {
  const { counted, codecs } = file as UsageFile
  const { masks, places, weights } = codecs[codec]
  return { counted, masks, weights, counts: readCounts(places[place] ?? '', codes) }
}

export function readCounts(text: string, codes: number): Uint32Array {
  const counts = new Uint32Array(codes)
  for (const pair of text.split(' ')) {
    const [code, count] = pair.split(':').map(Number)
    if (code !== undefined && count !== undefined && code < codes) counts[code] = count
  }
  return counts
}

/** The most used codes, most first, ties by number; codes that were never said are left out. */
export function mostUsed(counts: Uint32Array, most: number): number[] {
  return Array.from(counts, (count, code) => ({ count, code }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count || a.code - b.code)
    .slice(0, most)
    .map(({ code }) => code)
}

/** All codes, the most used first, then those that were never said by number: the order in which they are drawn. */
export function drawingOrder(counts: Uint32Array): number[] {
  const never = Array.from(counts, (count, code) => ({ count, code })).filter(({ count }) => count === 0)
  return [...mostUsed(counts, counts.length), ...never.map(({ code }) => code)]
}
