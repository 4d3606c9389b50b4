// The answers of a benchmark before the judge that --judge names: questions made, put, kept; what all of it says about the numbers.
import { createHash } from 'node:crypto'
import type { EvalMode, Stamp } from '@maskwords/eval'
import {
  type Context,
  counted,
  decodedText,
  type ErrorReport,
  isTypedError,
  MAX_TEXT_BYTES,
  MaskwordsError,
  readInput,
} from '@maskwords/files'
import {
  askJudge,
  filled,
  type JudgeCounts,
  type JudgePrompt,
  type JudgeSampling,
  openVerdictFile,
  promptOfFile,
  type ToJudge,
} from '@maskwords/judging'
import { openPlainServer, type PlainServer } from '@maskwords/mllm'
import type { AnswerOptions } from '@maskwords/words'
import { descriptionOf } from '../answer-text.ts'
import type { EVAL_OPTIONS } from '../options.ts'
import type { SamplePictures } from '../pictures.ts'
import type { Predictions } from '../predictions.ts'
import { readingOf } from '../record.ts'
import type { Truth, TruthSample } from '../truth.ts'
import type { Judging, VerdictsOf } from './judging.ts'
import type { JUDGE_OPTIONS } from './options.ts'

type JudgeContext = Context<typeof EVAL_OPTIONS & typeof JUDGE_OPTIONS>

export type ToBeJudged<Settings> = {
  readonly name: string
  readonly judging: Judging<Settings>
  readonly settings: Settings
  readonly mode: EvalMode
  readonly reading: AnswerOptions
  readonly truth: Truth
  readonly predictions: Predictions
  readonly pictures: SamplePictures
}

export type JudgedAnswers = {
  /** The file of verdicts, as the user names it. */
  readonly file: string
  readonly counts: JudgeCounts
  readonly verdictsOf: VerdictsOf
  /** How was judged, for the stamp. */
  readonly asked: NonNullable<Stamp['asked']>
  readonly failures: readonly ErrorReport[]
}

const JOBS = 8
/** A service that is busy (429, 503) is waited for some minutes: a run of thousands of questions meets its limit often. */
const RETRIES = 10

/**
 * Has all answers judged that have no verdict yet.
 * @throws MaskwordsError `usage` without a judge, and as `askJudge`, `openVerdictFile`, `promptOfFile`, `openPlainServer`.
 */
export async function judgeAnswers<Settings>(
  context: JudgeContext,
  toJudge: ToBeJudged<Settings>,
): Promise<JudgedAnswers> {
  const { options } = context
  const { name, judging } = toJudge
  const prompt = await judgePrompt(context, judging)
  const sampling = samplingOf(context, judging.sampling(toJudge.mode))
  const judge = await openJudge(context, name)
  const file = options.verdicts ?? `${name}-${slug(judge!.model)}.verdicts.jsonl`
  const verdictFile = await openVerdictFile(context, file, judge?.model)
  try {
    const { questions, ends } = questionsOf(toJudge, prompt, sampling)
    const { verdicts, counts, failures } = await askJudge(context as unknown as Context, {
      questions,
      judge,
      file: verdictFile,
      jobs: options['judge-jobs'] ?? JOBS,
      again: options['judge-again'] ?? false,
    })
    return {
      file,
      counts,
      failures,
      verdictsOf: (sample) => {
        const range = ends.get(sample.id)
        return range === undefined ? undefined : verdicts.slice(...range)
      },
      asked: stampOf(verdictFile.judge, prompt, sampling),
    }
  } finally {
    await verdictFile.close()
  }
}

async function openJudge({ options, io }: JudgeContext, name: string): Promise<PlainServer | undefined> {
  if (options.judge === undefined) {
    if (options.verdicts !== undefined) return undefined
    throw new MaskwordsError('usage', `${name} is scored by a judge, and none is named`, {
      hint: '--judge http://127.0.0.1:8000/v1#model, any OpenAI-compatible server; or --verdicts with those of a run before',
    })
  }
  // Not the model's own key: the judge is somebody else.
  const apiKey = io.env['MASKWORDS_JUDGE_API_KEY'] || undefined
  return await openPlainServer(options.judge, {
    apiKey,
    keyName: 'MASKWORDS_JUDGE_API_KEY',
    retries: RETRIES,
    timeoutMs: (options['judge-timeout'] ?? 120) * 1000,
    signal: io.signal,
  })
}

async function judgePrompt<S>(
  { options, io }: JudgeContext,
  { prompt, places, needed }: Judging<S>,
): Promise<JudgePrompt> {
  const named = options['judge-prompt']
  if (named === undefined) return prompt
  const { name, bytes } = await readInput(io, named, MAX_TEXT_BYTES)
  return promptOfFile(decodedText(bytes, name), prompt, places, name, needed)
}

function samplingOf({ options }: JudgeContext, usual: JudgeSampling): JudgeSampling {
  return {
    ...usual,
    temperature: options['judge-temperature'] ?? usual.temperature,
    maxTokens: options['judge-tokens'] ?? usual.maxTokens,
  }
}

/** The questions of all answers, and which of them are a sample's. */
function questionsOf<Settings>(
  { judging, settings, mode, reading, truth, predictions, pictures }: ToBeJudged<Settings>,
  prompt: JudgePrompt,
  sampling: JudgeSampling,
): {
  readonly questions: ToJudge[]
  readonly ends: ReadonlyMap<string, readonly [from: number, to: number]>
} {
  const questions: ToJudge[] = []
  const ends = new Map<string, readonly [number, number]>()
  for (const sample of truth.samples) {
    const record = predictions.byId.get(sample.id)?.record
    if (record === undefined || record.error !== undefined) continue
    let said: string
    try {
      said = descriptionOf(record, { ...reading, ...readingOf(record) })
    } catch (error) {
      // Scoring meets the same answer and says what is wrong with it.
      if (!isTypedError(error)) throw error
      continue
    }
    if (said === '') continue
    const from = questions.length
    for (const { name, values, isReadable } of judging.questions(sample, said, { mode, settings })) {
      const text = (message: string) => filled(message, judging.places, values)
      questions.push({
        id: sample.id,
        ...(name !== undefined && { question: name }),
        isReadable,
        request: async () => ({
          sampling,
          messages: [
            ...(prompt.system === undefined ? [] : [{ role: 'system' as const, text: text(prompt.system) }]),
            { role: 'user' as const, text: text(prompt.user), ...(await pictureOf(sample)) },
          ],
        }),
      })
    }
    ends.set(sample.id, [from, questions.length])
  }
  const pictureOf = async (sample: TruthSample) =>
    judging.picture === undefined ? {} : { picture: judging.picture(sample, await pictures.read(sample)) }
  return { questions, ends }
}

function stampOf(
  judge: string | undefined,
  prompt: JudgePrompt,
  { temperature, topP, maxTokens }: JudgeSampling,
): NonNullable<Stamp['asked']> {
  const hash = createHash('sha256').update(JSON.stringify([prompt.system ?? null, prompt.user]))
  return {
    ...(judge !== undefined && { judge }),
    judgePrompt: hash.digest('hex').slice(0, 16),
    judgeTemperature: temperature,
    ...(topP !== undefined && { judgeTopP: topP }),
    judgeTokens: maxTokens,
  }
}

/** The last part of a model's name, as files may be called. */
const slug = (model: string): string =>
  (model.split(/[\\/]/).at(-1) ?? '').replaceAll(/[^\w.-]+/g, '-').slice(0, 60) || 'judge'

/** What a reader of the numbers should know of the verdicts. */
export async function sayJudged(
  { talk }: Pick<Context, 'talk'>,
  { counts, file }: JudgedAnswers,
  mode: EvalMode,
): Promise<void> {
  const { asked, kept, refused, failed, unreadable } = counts
  if (refused + failed + unreadable > 0) {
    const parts = [
      ...(unreadable > 0 ? [`${unreadable} say nothing that can be read`] : []),
      ...(refused > 0 ? [`the judge refused ${refused}`] : []),
      ...(failed > 0 ? [`${failed} could not be had`] : []),
    ]
    await talk.note(
      `of ${counted(asked + kept + failed, 'verdict')} ${parts.join(', ')}: ${mode === 'official' ? 'treated as the published script does' : 'counted as the worst'}; --judge-again asks for them once more`,
    )
  }
  await talk.note(`${counted(asked, 'new verdict')}, ${kept} from before; they are kept in ${file}`)
}
