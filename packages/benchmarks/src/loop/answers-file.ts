// The file that `eval --model` keeps answers in: a line that says how they were asked for, then a line for each question, whole or
// not there. Predictions like any others (docs/evaluation.md).
import { isRecord } from '@maskwords/base'
import type { Context } from '@maskwords/files'
import { type KeptLines, lockKeptFile, MaskwordsError, openKeptLines } from '@maskwords/files'
import {
  type AnswersHeader,
  type AskedSettings,
  answersHeader,
  headerLine,
  isAnswersHeader,
  settingsApart,
} from '../answers-header.ts'

export type AnswersFile = {
  /** Questions that have an answer; those that failed are not among them. */
  readonly answered: ReadonlySet<string>
  /** Keeps a line: an answer, or the error of a question. */
  keep(line: { readonly id: string; readonly [field: string]: unknown }): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the file, which is made where it is missing.
 * @throws MaskwordsError `ambiguous` where its answers were asked for otherwise, `malformed` where it holds something else,
 * `write-failed`, and where another run writes it.
 */
export async function openAnswersFile(
  context: Pick<Context, 'io' | 'path'>,
  name: string,
  header: AnswersHeader,
): Promise<AnswersFile> {
  const path = context.path(name)
  const unlock = await lockKeptFile(path, name, 'answers')
  try {
    const answered = new Set<string>()
    let first: unknown
    const lines = await openKeptLines(
      path,
      (value, line) => {
        if (line === 1) first = value
        if (line === 1 || !isRecord(value) || value['error'] !== undefined) return
        answered.add(String(value['id']))
      },
      { name, signal: context.io.signal },
    )
    try {
      if (first === undefined) await lines.append(headerLine(header))
      else checkSame(first, header, name)
    } catch (error) {
      await lines.close()
      throw error
    }
    return fileOver(lines, answered, unlock)
  } catch (error) {
    unlock()
    throw error
  }
}

function fileOver(lines: KeptLines, answered: ReadonlySet<string>, unlock: () => void): AnswersFile {
  return {
    answered,
    keep: (line) => lines.append(line),
    async close() {
      await lines.close()
      unlock()
    },
  }
}

function checkSame(first: unknown, header: AnswersHeader, name: string): void {
  if (!isAnswersHeader(first)) {
    throw new MaskwordsError('malformed', 'this is no file that eval --model keeps answers in', {
      file: name,
      at: 'line 1',
      hint: 'name another file with --predictions; to score what it holds, leave --model out',
    })
  }
  const kept = answersHeader(first, name)
  const apart: string[] = []
  if (kept.benchmark !== header.benchmark)
    apart.push(`benchmark was ${kept.benchmark}, is ${header.benchmark}`)
  if (kept.questions !== header.questions) apart.push('the truth or its questions have changed')
  apart.push(...settingsApart(comparable(kept.asked, header.asked), comparable(header.asked, kept.asked)))
  if (apart.length === 0) return
  throw new MaskwordsError('ambiguous', `its answers were asked for otherwise: ${apart.join('; ')}`, {
    file: name,
    hint: 'go on with the settings of before, or keep these answers in another file: --predictions other.jsonl',
  })
}

/** A folder may have moved: where both know what the model is, its name does not matter. */
function comparable(settings: AskedSettings, other: AskedSettings): AskedSettings {
  if (settings['fingerprint'] === undefined || other['fingerprint'] === undefined) return settings
  const { model: _, ...rest } = settings
  return rest
}
