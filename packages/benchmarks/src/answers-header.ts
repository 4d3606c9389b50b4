// The first line of a file of answers that `eval --model` keeps: which benchmark and truth they belong to, and how they were asked for.
// Definition: ours (docs/evaluation.md).
import { isRecord } from '@maskwords/base'
import { MaskwordsError } from '@maskwords/files'
import { z } from 'zod'

const FORMAT = 'maskwords-answers'
const FORMAT_VERSION = 1

/** Settings by name; what is not set is left out. */
export type AskedSettings = Readonly<Record<string, string | number | boolean>>

export type AnswersHeader = {
  readonly benchmark: string
  /** SHA-256 of all samples and what they ask. */
  readonly questions: string
  readonly asked: AskedSettings
}

const headerSchema = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  benchmark: z.string(),
  questions: z.string(),
  asked: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
})

/** Whether a first line is meant as a header. */
export const isAnswersHeader = (value: unknown): boolean => isRecord(value) && value['format'] === FORMAT

export const headerLine = (header: AnswersHeader) => ({
  format: FORMAT,
  formatVersion: FORMAT_VERSION,
  ...header,
})

/** Reads a header. Throws MaskwordsError `malformed`, with the version that it has. */
export function answersHeader(value: unknown, file: string): AnswersHeader {
  const { success, data } = headerSchema.safeParse(value)
  if (success) return { benchmark: data.benchmark, questions: data.questions, asked: data.asked }
  const version = isRecord(value) ? value['formatVersion'] : undefined
  throw new MaskwordsError(
    'malformed',
    version === FORMAT_VERSION
      ? 'the first line says that answers follow, but not how they were asked for'
      : `answers of format ${String(version)}, this reads ${FORMAT_VERSION}`,
    { file, at: 'line 1' },
  )
}

/** The settings in which two headers differ, each with both values, in words. */
export function settingsApart(kept: AskedSettings, now: AskedSettings): string[] {
  const names = [...new Set([...Object.keys(kept), ...Object.keys(now)])]
  const said = (value: string | number | boolean | undefined) =>
    value === undefined ? 'not set' : JSON.stringify(value)
  return names
    .filter((name) => kept[name] !== now[name])
    .map((name) => `${name} was ${said(kept[name])}, is ${said(now[name])}`)
}
