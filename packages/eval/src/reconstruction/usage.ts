// How a codec uses its codes: which are ever chosen, and how evenly. Perplexity is exp of the entropy, as van den Oord et
// al. 2017 and the SAMTok paper report it.
import type { Vocabulary } from '@maskwords/words'

/** How evenly codes were used. */
export type CodeUsage = {
  /** `level 1`, `level 2` where each place has a codebook of its own, else what the codebook holds. */
  readonly level: string
  readonly codes: number
  /** Codes that were chosen at least once. */
  readonly used: number
  readonly deadShare: number
  /** How many codes would carry as much information if all were chosen alike; 0 where none was chosen. */
  readonly perplexity: number
  /** Choices that were counted. Few of them leave codes unused that are not dead. */
  readonly chosen: number
}

export type UsageCounter = { add(codes: readonly number[]): void; usage(): CodeUsage[] }

/** Counts the codes of a vocabulary's masks. Codes outside it, such as -1 for a missing one, are passed over. */
export function usageCounter(vocabulary: Vocabulary): UsageCounter {
  const levels = levelNames(vocabulary)
  const counts = levels.map(({ codes }) => new Float64Array(codes))
  return {
    add(codes) {
      codes.forEach((code, place) => {
        const level = vocabulary.kind === 'samtok' ? counts[place] : counts[0]
        if (level !== undefined && code >= 0 && code < level.length) level[code]!++
      })
    },
    usage: () => levels.map(({ level, codes }, i) => ({ level, codes, ...evenness(counts[i]!) })),
  }
}

function levelNames(vocabulary: Vocabulary): { level: string; codes: number }[] {
  if (vocabulary.kind === 'samtok') {
    return Array.from({ length: vocabulary.levels }, (_, i) => ({
      level: `level ${i + 1}`,
      codes: vocabulary.codesPerLevel,
    }))
  }
  if (vocabulary.kind === 'himtok') return [{ level: 'all places', codes: vocabulary.codes }]
  return [{ level: 'grid words', codes: vocabulary.gridSize ** 2 }]
}

function evenness(counts: Float64Array): Omit<CodeUsage, 'level' | 'codes'> {
  let chosen = 0
  let used = 0
  for (const count of counts) {
    chosen += count
    if (count > 0) used++
  }
  let entropy = 0
  for (const count of counts) if (count > 0) entropy -= (count / chosen) * Math.log(count / chosen)
  return {
    used,
    deadShare: 1 - used / counts.length,
    perplexity: chosen === 0 ? 0 : Math.exp(entropy),
    chosen,
  }
}
