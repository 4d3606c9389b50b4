// A model answers the samples of a benchmark: picture by picture, questions on one picture together, every answer kept as soon as it
// is whole. A question that fails is kept as failed; a model that answers no more ends the run, and nothing answered is lost.
import type { EncodedImage, Pixels } from '@maskwords/codecs'
import {
  type Context,
  counted,
  type ErrorReport,
  isTypedError,
  type OpenedModel,
  reportOf,
  throwIfAborted,
} from '@maskwords/files'
import { resizeBicubicPillow } from '@maskwords/mask'
import type { Answer, AskOptions, Message, Part } from '@maskwords/mllm'
import type { SamplePictures } from '../pictures.ts'
import type { TruthSample } from '../truth.ts'
import type { AnswersFile } from './answers-file.ts'
import type { Question, WrittenTurns } from './question.ts'
import { textAlone, written } from './question.ts'

export type LoopInput = {
  readonly samples: readonly TruthSample[]
  readonly question: (sample: TruthSample) => Question
  readonly opened: Pick<OpenedModel, 'model' | 'codec'>
  readonly pictures: SamplePictures
  readonly file: AnswersFile
  readonly options: Omit<AskOptions, 'signal'>
  readonly maxSidePx: number | undefined
  readonly together: number | undefined
  /** Pictures asked about at the same time. */
  readonly jobs: number
}

export type LoopCounts = {
  /** Answered in this run, and before it. */
  readonly answered: number
  readonly answeredBefore: number
  readonly failed: number
  readonly answerTokens: number
  /** From the first question to the last answer, in milliseconds. */
  readonly wallMs: number
}

/** Codes of errors that are about the model, not about what it was asked. */
const MODEL_FAILS = new Set(['server', 'runtime', 'out-of-memory', 'closed'])
/** Pictures in a row of which a model may fail every question before the run ends. */
const MAX_FAILED_PICTURES = 3

/**
 * Asks all samples that have no answer yet.
 * @throws MaskwordsError `interrupted` on Ctrl-C, and what ends the run: a full disk, a model that answers no more.
 */
export async function answerSamples(context: Context, input: LoopInput): Promise<LoopCounts> {
  const { io, talk } = context
  const { samples, file } = input
  const left = samples.filter(({ id }) => !file.answered.has(id))
  const answeredBefore = samples.length - left.length
  if (answeredBefore > 0) {
    await talk.note(`${answeredBefore} of ${counted(samples.length, 'question')} are answered already`)
  }
  const started = performance.now()
  const run = new Run(context, input, left.length)
  const groups = byPicture(left)
  const worker = async () => {
    try {
      for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
        throwIfAborted(run.signal)
        await run.askPicture(group)
      }
    } catch (error) {
      run.stop(error)
    }
  }
  await Promise.all(Array.from({ length: input.jobs }, worker))
  await run.progress.clear()
  if (run.failure !== undefined) {
    const kept = counted(run.answered + answeredBefore, 'answer')
    await talk.note(`${kept} of ${samples.length} are kept; the same command goes on from there`)
    throwIfAborted(io.signal)
    throw run.failure.error
  }
  const { answered, failed, answerTokens } = run
  return { answered, answeredBefore, failed, answerTokens, wallMs: performance.now() - started }
}

/** Samples of one picture together, pictures in the order of their first sample. */
function byPicture(samples: readonly TruthSample[]): TruthSample[][] {
  const groups = new Map<string, TruthSample[]>()
  for (const sample of samples) {
    const key = JSON.stringify([sample.picture, sample.size?.widthPx, sample.size?.heightPx, sample.exif])
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [sample])
    else group.push(sample)
  }
  return [...groups.values()]
}

type Asked = { readonly sample: TruthSample; readonly turns: WrittenTurns }

class Run {
  readonly progress: ReturnType<Context['talk']['progress']>
  readonly signal: AbortSignal
  answered = 0
  failed = 0
  answerTokens = 0
  failure: { readonly error: unknown } | undefined
  private readonly writes: Promise<void>[] = []
  private readonly stopper = new AbortController()
  private readonly input: LoopInput
  /** Pictures in a row of which nothing was answered because of the model. */
  private failedPictures = 0

  constructor({ io, talk }: Context, input: LoopInput, left: number) {
    this.input = input
    this.signal = AbortSignal.any([io.signal, this.stopper.signal])
    this.progress = talk.progress(left, 'question')
  }

  /** Ends the run; the first reason counts. */
  stop(error: unknown): void {
    this.failure ??= { error }
    this.stopper.abort()
  }

  async askPicture(group: readonly TruthSample[]): Promise<void> {
    const before = this.answered
    let modelFault: unknown
    const fail = (sample: TruthSample, error: unknown) => {
      if (MODEL_FAILS.has(reportOf(error).code)) modelFault = error
      this.keepFailure(sample, error)
    }
    const asked: Asked[] = []
    let picture: Pixels | undefined
    for (const sample of group) {
      try {
        const shown = await this.input.pictures.read(sample)
        picture ??= seen(shown, this.input.maxSidePx)
        asked.push({ sample, turns: await this.turnsOf(sample, shown) })
      } catch (error) {
        fail(sample, this.own(error))
      }
    }
    if (picture !== undefined && asked.length > 0) await this.ask(picture, asked, fail)
    // Once every line is with the system.
    await Promise.all(this.writes.splice(0))
    this.failedPictures = modelFault === undefined || this.answered > before ? 0 : this.failedPictures + 1
    if (this.failedPictures >= MAX_FAILED_PICTURES) throw modelFault
  }

  private async turnsOf(sample: TruthSample, shown: Pixels): Promise<WrittenTurns> {
    const { codec } = this.input.opened
    let image: Promise<EncodedImage> | undefined
    const encoded = () => (image ??= codec!.encodeImage(shown, { signal: this.signal }))
    const writer = { codec, picture: shown, image: encoded, signal: this.signal }
    return await written(this.input.question(sample), writer)
  }

  private async ask(
    picture: Pixels,
    asked: readonly Asked[],
    fail: (sample: TruthSample, error: unknown) => void,
  ): Promise<void> {
    const lone = asked.filter(({ turns }) => textAlone(turns) !== undefined)
    for (const one of asked) if (textAlone(one.turns) === undefined) await this.askAlone(picture, one, fail)
    if (lone.length === 0) return
    const answered = new Set<number>()
    const { model } = this.input.opened
    const { together } = this.input
    try {
      const answers = await model.askMany(
        picture,
        lone.map(({ turns }) => textAlone(turns)!),
        {
          ...this.input.options,
          ...(together !== undefined && { together }),
          signal: this.signal,
          onAnswer: (index, answer) => {
            answered.add(index)
            this.keep(lone[index]!.sample, answer)
          },
        },
      )
      // Whoever tells nothing while it answers tells it at the end.
      answers.forEach((answer, index) => {
        if (!answered.has(index)) this.keep(lone[index]!.sample, answer)
        answered.add(index)
      })
    } catch (error) {
      this.own(error)
      const rest = lone.filter((_, index) => !answered.has(index))
      // One question of many may be to blame; the others shall not fail with it.
      const alone = rest.length > 1 && !MODEL_FAILS.has(reportOf(error).code)
      for (const one of rest) {
        if (alone) await this.askAlone(picture, one, fail)
        else fail(one.sample, error)
      }
    }
    throwIfAborted(this.signal)
  }

  private async askAlone(
    picture: Pixels,
    { sample, turns }: Asked,
    fail: (sample: TruthSample, error: unknown) => void,
  ): Promise<void> {
    try {
      const conversation = turns.map(({ role, content }, at): Message => {
        const parts = content.map(
          (piece): Part =>
            typeof piece === 'string' ? { type: 'text', text: piece } : { type: 'picture', picture: piece },
        )
        return { role, content: at === 0 ? [{ type: 'picture', picture }, ...parts] : parts }
      })
      const { answer } = this.input.opened.model.ask(conversation, {
        ...this.input.options,
        signal: this.signal,
      })
      this.keep(sample, await answer)
    } catch (error) {
      fail(sample, this.own(error))
    }
    throwIfAborted(this.signal)
  }

  /** The error, unless it is a bug, or only the run's own end. */
  private own(error: unknown): unknown {
    throwIfAborted(this.signal)
    if (!isTypedError(error)) throw error
    return error
  }

  private keep(sample: TruthSample, answer: Answer): void {
    // Half an answer is none: the next run asks again.
    if (answer.finish === 'aborted') return
    const { text, finish, masks, usage, thoughtOpen } = answer
    this.answerTokens += usage.answerTokens
    const probabilities = masks.map(({ probability }) => probability)
    const line = {
      id: sample.id,
      ...(sample.picture !== undefined && { picture: sample.picture }),
      text,
      ...(thoughtOpen === true && { thoughtOpen }),
      finish,
      tokens: usage.answerTokens,
      ...(probabilities.every((one) => one !== undefined) && {
        probabilities: probabilities.map((one) => Number(one!.toPrecision(6))),
      }),
    }
    this.write(line, () => this.answered++)
  }

  private keepFailure(sample: TruthSample, error: unknown): void {
    const { code, message, hint }: ErrorReport = reportOf(error)
    const line = { id: sample.id, error: { code, message, ...(hint !== undefined && { hint }) } }
    this.write(line, () => this.failed++)
  }

  private write(line: Parameters<AnswersFile['keep']>[0], count: () => void): void {
    this.progress.step()
    // What cannot be kept need not be asked.
    this.writes.push(this.input.file.keep(line).then(count, (error: unknown) => this.stop(error)))
  }
}

/** The picture as the model sees it. */
function seen(picture: Pixels, maxSidePx: number | undefined): Pixels {
  const { widthPx, heightPx, rgb } = picture
  const longer = Math.max(widthPx, heightPx)
  if (maxSidePx === undefined || longer <= maxSidePx) return { widthPx, heightPx, rgb }
  const side = (px: number) => Math.max(1, Math.round((px * maxSidePx) / longer))
  const small = resizeBicubicPillow(
    { widthPx, heightPx, channels: 3, bytes: rgb },
    { widthPx: side(widthPx), heightPx: side(heightPx) },
  )
  return { widthPx: small.widthPx, heightPx: small.heightPx, rgb: small.bytes }
}
