// The health report as data: what was read, written and lost, what masks and words are like, and what deserves a look. Definition: ours.
import { type Health, MOST_TOKENS } from './health.ts'
import type { SampleLook } from './look-picture.ts'
import type { Plan } from './plan.ts'
import { type ReadBackReport, readBackReport, readBackWarning } from './read-back.ts'
import type { Stamp } from './stamp.ts'

export type Sample = {
  readonly id: string
  readonly task: string
  readonly dataset: string
  readonly picture: string
  readonly masks: number
  readonly meanIou?: number
}

/** What report.json says of a run. */
export type RunReport = {
  readonly stamp: Stamp
  readonly records: number
  readonly pictures: number
  readonly regions: number
  readonly conversations: readonly {
    readonly source: string
    readonly task: string
    readonly count: number
  }[]
  /** Regions, records and conversations that went, by kind; each has a line in problems.jsonl. */
  readonly lost: readonly { readonly kind: string; readonly count: number }[]
  readonly lostTexts: number
  readonly lostConversations: number
  readonly masks: {
    readonly encoded: number
    readonly tokens: number
    readonly meanTokens: number
    /** Count by tokens; the last entry stands for all that have as many or more. */
    readonly byTokens: readonly (readonly [tokens: number, count: number])[]
    /** Count by share of the picture: at most `upTo`, above half of it. */
    readonly byShare: readonly (readonly [upTo: number, count: number])[]
    readonly duplicates: number
    /** IoU of masks with what their words say; absent where no mask was put into words. */
    readonly readBack?: ReadBackReport
    /** Below which IoU labels were left out; 0: none. */
    readonly leftOutBelow: number
  }
  readonly words: {
    readonly vocabulary: number
    readonly used: number
    /** 2^entropy of the words' frequencies over the number of words: 1 where all are used alike. */
    readonly evenness: number
    readonly usage: readonly number[]
  }
  readonly texts: {
    readonly duplicateConversations: number
    /** Count by characters: below `below`. */
    readonly byCharacters: readonly (readonly [below: number, count: number])[]
    readonly categories: readonly (readonly [text: string, count: number])[]
    readonly otherCategories: number
    readonly phrases: readonly (readonly [text: string, count: number])[]
    readonly otherPhrases: number
  }
  readonly warnings: readonly string[]
  readonly samples: readonly Sample[]
}

/** Texts that are listed; the rest is a number. */
const LISTED_TEXTS = 40

export function reportData(input: {
  readonly plan: Plan
  readonly health: Health
  readonly stamp: Stamp
  readonly lostInWriting: number
  /** What reading lost, by kind. */
  readonly readProblems: readonly (readonly [string, number])[]
  readonly looks: readonly SampleLook[]
  /** Below which IoU labels were left out; 0: none. */
  readonly minIou: number
}): RunReport {
  const { plan, health, stamp, looks } = input
  const sourceNames = plan.sources.map(({ name }) => name)
  const lost = new Map<string, number>(input.readProblems)
  for (const [kind, count] of health.lost) lost.set(kind, (lost.get(kind) ?? 0) + count)
  const used = health.codeUsage.filter((count) => count > 0)
  const sum = used.reduce((total, count) => total + count, 0)
  const entropy = used.reduce((total, count) => total - (count / sum) * Math.log2(count / sum), 0)
  const readBack = readBackReport(health.readBack, sourceNames, health.masks)
  const report = {
    stamp,
    records: health.records,
    pictures: health.pictures,
    regions: health.regions,
    conversations: health.conversations
      .map(([name, count]) => {
        const at = name.indexOf('/')
        return { source: sourceNames[Number(name.slice(0, at))] ?? '', task: name.slice(at + 1), count }
      })
      .sort((a, b) => b.count - a.count || (a.task < b.task ? -1 : 1)),
    lost: [...lost]
      .map(([kind, count]) => ({ kind, count }))
      .sort((a, b) => b.count - a.count || (a.kind < b.kind ? -1 : 1)),
    lostTexts: health.lostTexts,
    lostConversations: health.lostConversations + input.lostInWriting,
    masks: {
      encoded: health.masks,
      tokens: health.tokens,
      meanTokens: health.masks === 0 ? 0 : rounded(health.tokens / health.masks),
      byTokens: pairs(health.tokensPerMask.slice(0, MOST_TOKENS + 1), (at) => at),
      byShare: health.areaShares.map((count, at) => [2 ** -at, count] as const),
      duplicates: health.duplicateMasks,
      ...(readBack !== undefined && { readBack }),
      leftOutBelow: input.minIou,
    },
    words: {
      vocabulary: health.codeUsage.length,
      used: used.length,
      evenness: sum === 0 ? 0 : rounded(2 ** entropy / health.codeUsage.length),
      usage: health.codeUsage,
    },
    texts: {
      duplicateConversations: health.duplicateConversations,
      byCharacters: pairs(health.conversationLengths, (at) => 2 ** at),
      categories: mostFrequent(health.categories),
      otherCategories: health.otherCategories,
      phrases: mostFrequent(health.phrases),
      otherPhrases: health.otherPhrases,
    },
    samples: looks.map(({ conversation, file, masks, meanIou }) => ({
      id: conversation.id,
      task: conversation.task,
      dataset: conversation.dataset,
      picture: file,
      masks,
      ...(meanIou === undefined ? {} : { meanIou: rounded(meanIou) }),
    })),
  }
  return { ...report, warnings: [...plan.notes, ...warningsOf(report, health)] }
}

/** What a person should know before training on this. */
function warningsOf(report: Omit<RunReport, 'warnings'>, health: Health): string[] {
  const { readBack, leftOutBelow } = report.masks
  const unsaid = readBack && readBackWarning(readBack, leftOutBelow)
  const warnings: string[] = unsaid === undefined ? [] : [unsaid]
  const { conversations } = report.stamp
  const share = (part: number, whole: number) => `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`
  // What was asked to be left out is said above, or was known.
  const lostRegions = report.lost
    .filter(({ kind }) => kind !== 'weak-words' && kind !== 'small-mask')
    .reduce((sum, { count }) => sum + count, 0)
  if (lostRegions > 0.05 * (report.regions + lostRegions))
    warnings.push(`${share(lostRegions, report.regions + lostRegions)} of the regions and records were lost`)
  if (report.texts.duplicateConversations > 0.01 * conversations)
    warnings.push(
      `${report.texts.duplicateConversations} conversations say the same as another one of their picture`,
    )
  if (report.masks.duplicates > 0.01 * report.regions)
    warnings.push(
      `${report.masks.duplicates} regions have exactly the pixels of another one of their picture`,
    )
  const small = health.areaShares.slice(13).reduce((sum, count) => sum + count, 0)
  if (small > 0.1 * report.masks.encoded)
    warnings.push(
      `${share(small, report.masks.encoded)} of the masks cover less than 1/8192 of their picture`,
    )
  return warnings
}

function mostFrequent(counts: readonly (readonly [string, number])[]): (readonly [string, number])[] {
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).slice(0, LISTED_TEXTS)
}

function pairs(counts: readonly number[], name: (at: number) => number): (readonly [number, number])[] {
  return counts.map((count, at) => [name(at), count] as const).filter(([, count]) => count > 0)
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000
}
