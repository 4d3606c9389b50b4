// Reading predictions: JSON Lines, one answer a line. A bad line costs one sample; two answers of one id stop everything.
import { isRecord, nearest } from '@maskwords/base'
import { jsonLines } from '@maskwords/datasets'
import type { Context } from '@maskwords/files'
import {
  checkShape,
  type ErrorReport,
  isTypedError,
  located,
  MaskwordsError,
  reportOf,
} from '@maskwords/files'
import { type AnswersHeader, answersHeader, isAnswersHeader } from './answers-header.ts'
import { ANSWER_FIELDS, type PredictionRecord, predictionSchema } from './record.ts'

export type Prediction = { readonly record: PredictionRecord; readonly line: number }

export type Predictions = {
  /** The file, as the user named it. */
  readonly file: string
  readonly byId: ReadonlyMap<string, Prediction>
  /** How the answers were made, where the file says it. */
  readonly made?: AnswersHeader
  /** Lines that hold no answer, and why. */
  readonly failures: ErrorReport[]
}

/** Reads a file of predictions. Throws MaskwordsError for two answers of one id, and DataError where it cannot be read. */
export async function readPredictions(context: Context, file: string): Promise<Predictions> {
  const byId = new Map<string, Prediction>()
  const failures: ErrorReport[] = []
  const lines = jsonLines(context.path(file), {
    file,
    signal: context.io.signal,
    onProblem: ({ message, at }) =>
      failures.push({ code: 'malformed', message: withoutPlace(message, at), file, ...(at && { at }) }),
  })
  let made: AnswersHeader | undefined
  for await (const { line, value } of lines) {
    try {
      if (line === 1 && isAnswersHeader(value)) {
        made = answersHeader(value, file)
        continue
      }
      const record = predictionOf(value, file, line)
      const before = byId.get(record.id)
      // A question that failed may have been asked again.
      if (before !== undefined && before.record.error === undefined && record.error !== undefined) continue
      if (before !== undefined && before.record.error === undefined) {
        throw new MaskwordsError('ambiguous', `two answers for ${JSON.stringify(record.id)}`, {
          file,
          at: `lines ${before.line} and ${line}`,
          hint: 'keep one of them',
        })
      }
      byId.set(record.id, { record, line })
    } catch (error) {
      if (!isTypedError(error) || reportOf(error).code === 'ambiguous') throw error
      failures.push(reportOf(located(error, file, `line ${line}`)))
    }
  }
  return { file, byId, failures, ...(made !== undefined && { made }) }
}

/** `line 3 is no JSON` says its place twice where the place is said beside it. */
export function withoutPlace(message: string, at: string | undefined): string {
  return at !== undefined && message.startsWith(`${at} `)
    ? `the line ${message.slice(at.length + 1)}`
    : message
}

function predictionOf(value: unknown, file: string, line: number): PredictionRecord {
  const record = checkShape(predictionSchema, value, file, `line ${line}`, 'not a prediction')
  if (record.error === undefined && !ANSWER_FIELDS.some((field) => record[field] !== undefined)) {
    const names = isRecord(value) ? Object.keys(value) : []
    const near = names
      .map((name) => [name, nearest(name, ANSWER_FIELDS)] as const)
      .find(([, match]) => match !== undefined)
    throw new MaskwordsError('malformed', 'no answer in this line', {
      file,
      at: `line ${line}`,
      hint:
        near === undefined
          ? `one of ${ANSWER_FIELDS.join(', ')}; an empty list where there is nothing`
          : `"${near[0]}" is not read; did you mean "${near[1]}"?`,
    })
  }
  return record
}
