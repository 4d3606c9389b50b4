// Puts questions to a judge, several at a time, and keeps every verdict as soon as it is there. What has a verdict is not asked again; a
// judge that answers no more ends the run, and nothing answered is lost.
import {
  type Context,
  counted,
  type ErrorReport,
  isTypedError,
  reportOf,
  throwIfAborted,
} from '@maskwords/files'
import { type Message, type PlainServer, ServerError } from '@maskwords/mllm'
import { type JudgeRequest, keptMessages, requestKey } from './request.ts'
import type { VerdictFile, VerdictRow } from './verdict-file.ts'

/** A question about the answer to a sample. */
export type ToJudge = {
  readonly id: string
  /** Which of the sample's questions, where it has several. */
  readonly question?: string
  /** Makes the question when its turn comes: pictures are large. */
  readonly request: () => JudgeRequest | Promise<JudgeRequest>
  /** Whether a reply says something; told in the counts, and asked again with `again`. */
  readonly isReadable: (reply: string) => boolean
}

/** What came of a question: the judge's words, or why there are none. */
export type Verdict =
  | { readonly kind: 'reply'; readonly reply: string; readonly isCut: boolean }
  | { readonly kind: 'refused' | 'failed' | 'not-asked'; readonly why: string }

export type JudgeCounts = {
  /** Put to the judge in this run, and answered before or with an equal one. */
  readonly asked: number
  readonly kept: number
  /** Of all questions: without a reply because the judge refused, or could not be asked. */
  readonly refused: number
  readonly failed: number
  /** Replies that say no verdict. */
  readonly unreadable: number
}

export type JudgeRun = {
  readonly questions: readonly ToJudge[]
  /** Undefined where only kept verdicts are read. */
  readonly judge: PlainServer | undefined
  readonly file: VerdictFile
  /** Questions at a time. */
  readonly jobs: number
  /** Asks again what was refused or cannot be read. */
  readonly again: boolean
}

export type Judged = {
  /** In the order of the questions. */
  readonly verdicts: readonly Verdict[]
  readonly counts: JudgeCounts
  /** Questions that could not be put, and why. */
  readonly failures: readonly ErrorReport[]
}

/** Questions in a row that a judge may fail before the run ends. */
const MAX_FAILED_IN_A_ROW = 8
/** What no other question would mend: a key, an address, a model. */
const FINAL_STATUS = new Set([401, 403, 404, 405])

/**
 * Puts all questions that have no verdict yet.
 * @throws MaskwordsError `interrupted` on Ctrl-C, and what ends the run: a full disk, a judge that answers no more.
 */
export async function askJudge(context: Context, run: JudgeRun): Promise<Judged> {
  const { io, talk } = context
  const { questions, judge, file, again } = run
  const verdicts = new Array<Verdict>(questions.length)
  const failures: ErrorReport[] = []
  /** Equal questions are asked once. */
  const underWay = new Map<string, Promise<VerdictRow>>()
  const stopper = new AbortController()
  const signal = AbortSignal.any([io.signal, stopper.signal])
  const progress = talk.progress(questions.length, 'verdict')
  let failure: { readonly error: unknown } | undefined
  let failedInARow = 0
  let asked = 0
  let kept = 0
  const stop = (error: unknown) => {
    failure ??= { error }
    stopper.abort()
  }

  const put = async (one: ToJudge, request: JudgeRequest, key: string): Promise<VerdictRow> => {
    const { temperature, topP, maxTokens } = request.sampling
    const about = {
      key,
      id: one.id,
      ...(one.question !== undefined && { question: one.question }),
      judge: `${judge!.base}#${judge!.model}`,
      asked: keptMessages(request),
      temperature,
      ...(topP !== undefined && { topP }),
      maxTokens,
    }
    let row: VerdictRow
    try {
      const { text, finish, refusal } = await judge!.reply(
        { messages: messagesOf(request), ...request.sampling },
        signal,
      )
      row = {
        ...about,
        reply: text,
        ...(finish !== undefined && { finish }),
        ...(refusal !== undefined && { refusal }),
      }
      failedInARow = 0
      asked++
    } catch (error) {
      throwIfAborted(signal)
      if (!isTypedError(error)) throw error
      const { code, message } = reportOf(error)
      row = { ...about, error: { code, message } }
      failedInARow++
      const isFinal = error instanceof ServerError && FINAL_STATUS.has(error.status)
      if (isFinal || failedInARow >= MAX_FAILED_IN_A_ROW) stop(error)
    }
    await file.keep(row)
    return row
  }

  const judged = async (one: ToJudge): Promise<Verdict> => {
    const request = await one.request()
    const key = requestKey(request)
    const before = file.get(key)
    const stands =
      before?.reply !== undefined && !(again && (isRefusal(before) || !one.isReadable(before.reply)))
    // Within a run a question is put once, whatever came of it.
    if (underWay.has(key)) kept++
    else {
      if (stands || judge === undefined) {
        if (stands) kept++
        return verdictOf(before)
      }
      const putting = put(one, request, key)
      underWay.set(key, putting)
    }
    return verdictOf(await underWay.get(key)!)
  }

  let next = 0
  const lane = async (): Promise<void> => {
    while (next < questions.length) {
      const at = next++
      const one = questions[at]!
      try {
        throwIfAborted(signal)
        verdicts[at] = await judged(one)
      } catch (error) {
        if (signal.aborted || !isTypedError(error) || reportOf(error).code === 'write-failed')
          return stop(error)
        verdicts[at] = { kind: 'failed', why: reportOf(error).message }
      }
      const verdict = verdicts[at]
      if (verdict.kind === 'failed' || verdict.kind === 'not-asked') {
        failures.push({
          code: 'no-verdict',
          message: `${one.id}: ${verdict.why}`,
          at: one.question ?? one.id,
        })
      }
      progress.step()
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(run.jobs, questions.length)) }, lane))
  await progress.clear()
  if (failure !== undefined) {
    await talk.note(
      `${counted(asked + kept, 'verdict')} of ${questions.length} are kept; the same command goes on from there`,
    )
    throwIfAborted(io.signal)
    throw (failure as { error: unknown }).error
  }
  const count = (kind: Verdict['kind']) => verdicts.filter((one) => one.kind === kind).length
  const unreadable = verdicts.filter(
    (one, k) => one.kind === 'reply' && !questions[k]!.isReadable(one.reply),
  ).length
  return {
    verdicts,
    failures,
    counts: {
      asked,
      kept,
      refused: count('refused'),
      failed: count('failed') + count('not-asked'),
      unreadable,
    },
  }
}

const isRefusal = ({ refusal, finish }: VerdictRow): boolean =>
  refusal !== undefined || finish === 'content_filter'

function verdictOf(row: VerdictRow | undefined): Verdict {
  if (row === undefined) {
    return { kind: 'not-asked', why: 'no verdict is kept for it: name the judge with --judge' }
  }
  if (row.reply === undefined) return { kind: 'failed', why: `the judge failed: ${row.error!.message}` }
  if (isRefusal(row)) {
    const said = (row.refusal ?? row.reply).slice(0, 120)
    return { kind: 'refused', why: `the judge refused${said === '' ? '' : `: ${JSON.stringify(said)}`}` }
  }
  return { kind: 'reply', reply: row.reply, isCut: row.finish === 'length' }
}

const messagesOf = ({ messages }: JudgeRequest): Message[] =>
  messages.map(({ role, text, picture }) => ({
    role,
    content:
      picture === undefined
        ? text
        : [
            { type: 'text', text },
            { type: 'picture', picture },
          ],
  }))
