// The result of `maskwords eval reconstruction`: one JSON object, and tables for people.
import type { CodeUsage, Evaluation, MethodSummary } from '@maskwords/eval'
import type { ErrorReport } from '@maskwords/files'
import { counted, duration, tableLines, VERSION } from '@maskwords/files'
import type { Skipped } from './truth.ts'

export type ReconstructionReport = {
  readonly evaluation: Evaluation
  /** In the order of the evaluation's methods. */
  readonly summaries: readonly MethodSummary[]
  readonly codecs: readonly string[]
  readonly about: {
    readonly truth: string
    readonly sha256: string
    readonly holdout: string | undefined
    readonly minArea: number
    readonly seed: number
    readonly skipped: Skipped
    readonly failures: readonly ErrorReport[]
  }
}

/** The numbers of the first method at the top level, those of all under `methods`. */
export function reconstructionJson({ evaluation, summaries, codecs, about }: ReconstructionReport) {
  const { truth, sha256, holdout, minArea, seed, skipped } = about
  const all = summaries.map((summary) => methodJson(summary, evaluation))
  return {
    benchmark: 'reconstruction',
    version: VERSION,
    codecs,
    truth: { path: truth, sha256, ...(holdout !== undefined && { holdout }), minArea },
    seed,
    ...all[0]!,
    skipped,
    methods: all,
  }
}

function methodJson(summary: MethodSummary, evaluation: Evaluation) {
  const { encodeMs, decodeMs, ...numbers } = summary
  const imageMs = evaluation.imageMs.get(summary.method)
  const usage = evaluation.usage.get(summary.method)
  return {
    ...numbers,
    ...(imageMs !== undefined && { times: { imageMs, encodeMs, decodeMs } }),
    ...(usage !== undefined && { usage }),
  }
}

/** Tables of all methods, by area, and what the codecs cost and use. */
export function reconstructionLines({
  evaluation,
  summaries,
  codecs,
  about,
}: ReconstructionReport): string[] {
  const { skipped } = about
  const first = summaries[0]!
  const lines = [
    `${counted(first.masks, 'mask')} of ${counted(first.pictures, 'picture')}, each at least ${percent(about.minArea)} of its picture; left out: ${counted(skipped.small, 'smaller mask')}, ${counted(skipped.crowd, 'crowd')}${skipped.empty > 0 ? `, ${counted(skipped.empty, 'empty mask')}` : ''}`,
    '',
    ...mainTable(summaries),
  ]
  for (const name of codecs) {
    const summary = summaries.find(({ method }) => method === name)
    if (summary === undefined) continue
    lines.push('', ...codecLines(name, summary, evaluation))
  }
  return lines
}

function mainTable(summaries: readonly MethodSummary[]): string[] {
  const buckets = summaries[0]!.perBucket
  const outlines = summaries.some(({ boundaryF }) => boundaryF !== undefined)
  const failed = summaries.some((summary) => summary.failed > 0)
  const titles = [
    'method',
    'bits',
    'words',
    'IoU',
    '95 % interval',
    'median',
    ...(outlines ? ['boundary F'] : []),
    ...buckets.map(({ bucket }) => bucket),
    ...(failed ? ['failed'] : []),
  ]
  const rows = summaries.map((summary) => [
    summary.method,
    summary.bits === undefined ? '' : plain(summary.bits),
    summary.tokens === undefined ? '' : plain(summary.tokens),
    summary.meanIou.toFixed(3),
    summary.interval === undefined ? '' : summary.interval.map((end) => end.toFixed(3)).join(' - '),
    summary.medianIou.toFixed(3),
    ...(outlines ? [summary.boundaryF?.toFixed(3) ?? ''] : []),
    ...summary.perBucket.map(({ meanIou }) => meanIou?.toFixed(3) ?? ''),
    ...(failed ? [String(summary.failed)] : []),
  ])
  rows.push([
    'masks',
    '',
    '',
    '',
    '',
    '',
    ...(outlines ? [''] : []),
    ...buckets.map(({ masks }) => String(masks)),
  ])
  return tableLines(
    titles.map((title, i) => ({ title, align: i === 0 ? 'left' : 'right' })),
    rows,
  )
}

function codecLines(name: string, summary: MethodSummary, evaluation: Evaluation): string[] {
  const { encodeMs = 0, decodeMs = 0 } = summary
  const imageMs = evaluation.imageMs.get(name) ?? 0
  return [
    `${name}: ${duration(imageMs)} a picture, ${duration(encodeMs)} a mask to encode, ${duration(decodeMs)} to decode`,
    ...(evaluation.usage.get(name) ?? []).map((usage) => `  ${usageLine(usage)}`),
  ]
}

function usageLine({ level, codes, used, deadShare, perplexity, chosen }: CodeUsage): string {
  const few = chosen < 8 * codes ? '; few choices for so many codes' : ''
  return `${level}: ${used} of ${codes} codes used (${percent(deadShare)} never), perplexity ${perplexity.toFixed(0)}, ${counted(chosen, 'choice')}${few}`
}

function plain(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1)
}

function percent(share: number): string {
  return `${Number((share * 100).toFixed(1))} %`
}
