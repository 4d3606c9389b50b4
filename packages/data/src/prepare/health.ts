// What a run counts about its masks, words and texts, as plain numbers that add up. Definition: ours.
import { area, type Mask } from '@maskwords/mask'
import type { Vocabulary } from '@maskwords/words'

/** Text and how often it was seen. Pairs, not an object: texts of datasets may be `__proto__`. */
export type Counts = [text: string, count: number][]

/** Bins of the share of the picture that a mask covers: bin b holds 2^-(b+1) < share <= 2^-b, the last all smaller. */
export const AREA_BINS = 21
/** Masks of this many tokens or more share a bin. */
export const MOST_TOKENS = 128
/** Bins of the characters of a conversation: bin b holds lengths below 2^b, from 2^(b-1). */
export const LENGTH_BINS = 20
/** Different texts that are counted each; the rest are counted together, so that memory stays flat. */
export const MOST_TEXTS = 2000
/** A text is cut to this many characters for its count. */
const TEXT_CHARACTERS = 120

export type Health = {
  records: number
  pictures: number
  regions: number
  /** Regions, and whole records, that were lost, by kind of problem. */
  lost: Counts
  lostTexts: number
  conversations: Counts
  lostConversations: number
  masks: number
  tokens: number
  tokensPerMask: number[]
  /** As `readBackCounts` names them. */
  readBack: Counts
  areaShares: number[]
  codeUsage: number[]
  conversationLengths: number[]
  duplicateMasks: number
  duplicateConversations: number
  categories: Counts
  otherCategories: number
  phrases: Counts
  otherPhrases: number
}

export function emptyHealth(words: number): Health {
  return {
    records: 0,
    pictures: 0,
    regions: 0,
    lost: [],
    lostTexts: 0,
    conversations: [],
    lostConversations: 0,
    masks: 0,
    tokens: 0,
    tokensPerMask: new Array(MOST_TOKENS + 1).fill(0),
    readBack: [],
    areaShares: new Array(AREA_BINS).fill(0),
    codeUsage: new Array(words).fill(0),
    conversationLengths: new Array(LENGTH_BINS).fill(0),
    duplicateMasks: 0,
    duplicateConversations: 0,
    categories: [],
    otherCategories: 0,
    phrases: [],
    otherPhrases: 0,
  }
}

/** Where masks are counted as their words are made. */
export type MaskTally = {
  readonly health: Health
  readBack(source: number, mask: Mask, iou: number): void
}

/** Adds one mask and its words. */
export function countMask(
  health: Health,
  mask: Mask,
  words: { readonly codes: readonly number[]; readonly tokens: number },
  vocabulary: Vocabulary,
): void {
  health.masks++
  health.tokens += words.tokens
  health.tokensPerMask[Math.min(words.tokens, MOST_TOKENS)]!++
  const share = area(mask) / (mask.widthPx * mask.heightPx)
  health.areaShares[Math.min(Math.floor(-Math.log2(share)), AREA_BINS - 1)]!++
  const perLevel = vocabulary.kind === 'samtok' ? vocabulary.codesPerLevel : 0
  words.codes.forEach((code, at) => {
    if (code >= 0) health.codeUsage[at * perLevel + code]!++
  })
}

export function lengthBin(characters: number): number {
  return Math.min(characters === 0 ? 0 : Math.floor(Math.log2(characters)) + 1, LENGTH_BINS - 1)
}

/** Running totals of a run; parts are added in the order of batches, so that the result does not depend on who made them. */
export class HealthTotal {
  private readonly sums: Health
  private readonly tables = new Map<keyof Health, Map<string, number>>()

  constructor(words: number, from?: Health) {
    this.sums = emptyHealth(words)
    if (from !== undefined) this.add(from)
  }

  add(part: Health): void {
    const { sums } = this
    for (const key of Object.keys(sums) as (keyof Health)[]) {
      const value = part[key]
      if (typeof value === 'number') (sums[key] as number) += value
      else if (key === 'categories' || key === 'phrases') this.addTexts(key, value as Counts)
      else if (key === 'lost' || key === 'conversations' || key === 'readBack')
        this.addTexts(key, value as Counts)
      else {
        const totals = sums[key] as number[]
        for (let at = 0; at < totals.length; at++) totals[at]! += (value as number[])[at]!
      }
    }
  }

  private addTexts(
    key: 'lost' | 'conversations' | 'readBack' | 'categories' | 'phrases',
    counts: Counts,
  ): void {
    let table = this.tables.get(key)
    if (table === undefined) this.tables.set(key, (table = new Map()))
    for (const [text, count] of counts) {
      const had = table.get(text)
      if (had !== undefined || table.size < MOST_TEXTS) table.set(text, (had ?? 0) + count)
      else if (key === 'categories') this.sums.otherCategories += count
      else if (key === 'phrases') this.sums.otherPhrases += count
    }
  }

  /** The totals as data; texts in order of appearance, so that adding goes on from here as if nothing had happened. */
  value(): Health {
    const table = (key: keyof Health): Counts => [...(this.tables.get(key) ?? [])]
    return {
      ...this.sums,
      lost: table('lost'),
      conversations: table('conversations'),
      readBack: table('readBack'),
      categories: table('categories'),
      phrases: table('phrases'),
    }
  }
}

/** Counts of texts in one batch. */
export class TextCounter {
  private readonly counts = new Map<string, number>()

  add(text: string, count = 1): void {
    const short = text.length > TEXT_CHARACTERS ? `${text.slice(0, TEXT_CHARACTERS)}...` : text
    this.counts.set(short, (this.counts.get(short) ?? 0) + count)
  }

  value(): Counts {
    return [...this.counts]
  }
}
