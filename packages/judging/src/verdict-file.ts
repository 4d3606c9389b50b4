// The file that verdicts are kept in: a line that says who judged, then a row for each question that was put: what was asked, what was
// answered. Named by content, so that no question is paid twice. Definition: ours (docs/evaluation.md).
import { isRecord } from '@maskwords/base'
import { type Context, type KeptLines, lockKeptFile, MaskwordsError, openKeptLines } from '@maskwords/files'
import type { keptMessages } from './request.ts'

const FORMAT = 'maskwords-verdicts'
const FORMAT_VERSION = 1

/** A question that was put to a judge, and what came of it. */
export type VerdictRow = {
  /** `requestKey` of what was asked. */
  readonly key: string
  /** The sample that it was asked for first. */
  readonly id: string
  /** Which of the sample's questions, where it has several. */
  readonly question?: string
  readonly judge: string
  readonly asked: ReturnType<typeof keptMessages>
  readonly temperature: number
  readonly topP?: number
  readonly maxTokens: number
  readonly reply?: string
  readonly finish?: string
  readonly refusal?: string
  /** Why there is no reply; asked again by the next run. */
  readonly error?: { readonly code: string; readonly message: string }
}

export type VerdictFile = {
  /** The judge of its rows; undefined for a new file. */
  readonly judge: string | undefined
  /** The last row of a question, those that failed among them. */
  get(key: string): VerdictRow | undefined
  keep(row: VerdictRow): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the file, which is made where it is missing and a judge is there.
 *
 * @param judge the model that judges now; undefined where verdicts are only read
 * @throws MaskwordsError `ambiguous` where another model judged before, `malformed` where it holds something else, `write-failed`, and
 * where another run writes it.
 */
export async function openVerdictFile(
  context: Pick<Context, 'io' | 'path'>,
  name: string,
  judge: string | undefined,
): Promise<VerdictFile> {
  const path = context.path(name)
  const unlock = await lockKeptFile(path, name, 'verdicts')
  let lines: KeptLines | undefined
  try {
    const rows = new Map<string, VerdictRow>()
    let first: unknown
    lines = await openKeptLines(
      path,
      (value, line) => {
        if (line === 1) first = value
        else if (isRow(value)) rows.set(value.key, value)
      },
      { name, signal: context.io.signal },
    )
    const before = first === undefined ? undefined : judgeOf(first, name)
    if (before !== undefined && judge !== undefined && before !== judge) {
      throw new MaskwordsError(
        'ambiguous',
        `its verdicts are those of ${before}, and ${judge} is asked now`,
        {
          file: name,
          hint: 'one file for each judge: --verdicts other.jsonl',
        },
      )
    }
    if (first === undefined && judge !== undefined) {
      await lines.append({ format: FORMAT, formatVersion: FORMAT_VERSION, judge })
    }
    const kept = lines
    return {
      judge: before ?? judge,
      get: (key) => rows.get(key),
      async keep(row) {
        rows.set(row.key, row)
        await kept.append(row)
      },
      async close() {
        await kept.close()
        unlock()
      },
    }
  } catch (error) {
    await lines?.close()
    unlock()
    throw error
  }
}

const isRow = (value: unknown): value is VerdictRow =>
  isRecord(value) &&
  typeof value['key'] === 'string' &&
  (typeof value['reply'] === 'string' || isRecord(value['error']))

function judgeOf(first: unknown, file: string): string {
  const head = isRecord(first) && first['format'] === FORMAT ? first : undefined
  if (head?.['formatVersion'] === FORMAT_VERSION && typeof head['judge'] === 'string') return head['judge']
  throw new MaskwordsError(
    'malformed',
    head === undefined
      ? 'this is no file that verdicts are kept in'
      : `verdicts of format ${String(head['formatVersion'])}, this reads ${FORMAT_VERSION}`,
    { file, at: 'line 1', hint: 'name another file with --verdicts' },
  )
}
