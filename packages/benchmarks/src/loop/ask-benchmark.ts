// `maskwords eval <benchmark> --model`: what is asked and how, where answers are kept, and the asking itself.
import { createHash } from 'node:crypto'
import type { MaskCodec } from '@maskwords/codecs'
import { type Context, counted, MaskwordsError, type OpenedModel, openModel } from '@maskwords/files'
import { cocoStringFromMask } from '@maskwords/mask'
import type { AskOptions, ModelFacts } from '@maskwords/mllm'
import type { AnswersHeader, AskedSettings } from '../answers-header.ts'
import type { EVAL_OPTIONS } from '../options.ts'
import type { SamplePictures } from '../pictures.ts'
import type { MaskedText, Truth, TruthSample } from '../truth.ts'
import { truthHash } from '../truth-samples.ts'
import { openAnswersFile } from './answers-file.ts'
import type { Asking } from './asking.ts'
import type { LOOP_OPTIONS } from './options.ts'
import { checkPrompt, type Question, questionOfSample } from './question.ts'
import { answerSamples, type LoopCounts } from './run.ts'

type LoopContext = Context<typeof EVAL_OPTIONS & typeof LOOP_OPTIONS>

export type AskedBenchmark = {
  /** The file of answers, as the user names it. */
  readonly file: string
  readonly counts: LoopCounts
  /** Who reads the answers; undefined where the model has no mask words. Close it after use. */
  readonly codec: MaskCodec | undefined
}

type AnyAsking = Omit<Asking, 'needsWords'>

export type ToAsk = {
  readonly name: string
  readonly asking: AnyAsking
  /** Answers without mask words cannot be scored. */
  readonly needsWords: boolean
  /** All samples, and those of this run. */
  readonly whole: Truth
  readonly truth: Truth
  readonly pictures: SamplePictures
}

/** How many pictures at a time of a model behind a server, which answers several at once. */
const SERVER_JOBS = 4

/**
 * Asks the model that --model names all questions of the benchmark that have no answer yet.
 * @throws MaskwordsError as `openModel`, `openAnswersFile` and `answerSamples`.
 */
export async function askBenchmark(context: LoopContext, toAsk: ToAsk): Promise<AskedBenchmark> {
  const { options } = context
  const { asking, needsWords, whole, truth, pictures } = toAsk
  const prompts = options.prompt === undefined ? asking.prompts : { prompt: options.prompt }
  for (const prompt of Object.values(prompts)) checkPrompt(prompt)
  // Before a long load: pictures that are not there, questions that cannot be put.
  await checkSamples(context, truth, pictures, questions(asking, prompts, whole, true))
  const opened = await openModel(context as Parameters<typeof openModel>[0])
  try {
    if (needsWords && opened.codec === undefined) {
      throw new MaskwordsError(
        'unsupported',
        `answers of ${toAsk.name} are masks, and ${options.model} has no mask words`,
        { hint: 'maskwords extend-vocab adds them; they mean something after training' },
      )
    }
    const maxSidePx = options['max-side'] ?? asking.maxSidePx
    const ask = askOptions(context, asking, opened.model.facts)
    const header: AnswersHeader = {
      benchmark: toAsk.name,
      questions: questionsHash(whole),
      asked: askedSettings(context, opened, prompts, ask, maxSidePx),
    }
    const name = options.predictions ?? `${toAsk.name}-${shortHash(header)}.answers.jsonl`
    const file = await openAnswersFile(context as unknown as Context, name, header)
    let counts: LoopCounts
    try {
      counts = await answerSamples(context as unknown as Context, {
        samples: truth.samples,
        question: questions(asking, prompts, whole, opened.codec !== undefined),
        opened,
        pictures,
        file,
        options: ask,
        maxSidePx,
        together: options.together,
        jobs: options.jobs ?? (opened.model.facts.kind === 'server' ? SERVER_JOBS : 1),
      })
    } finally {
      await file.close()
    }
    // Scoring needs the codec alone.
    await opened.model.close()
    return { file: name, counts, codec: opened.codec }
  } catch (error) {
    await opened.close()
    throw error
  }
}

function questions(
  asking: AnyAsking,
  prompts: Asking['prompts'],
  { samples, vocabulary }: Truth,
  hasWords: boolean,
): (sample: TruthSample) => Question {
  const sorted = (names: readonly string[]) => [...new Set(names)].sort()
  const lists = {
    labels:
      vocabulary === undefined
        ? sorted(samples.flatMap(({ labels = [] }) => labels))
        : [...vocabulary.things, ...vocabulary.stuff],
    predicates:
      vocabulary?.predicates ??
      sorted(samples.flatMap(({ relations = [] }) => relations.map(([, predicate]) => predicate))),
  }
  return (sample) =>
    questionOfSample(sample, {
      prompt: prompts[asking.choose?.(sample, { hasWords }) ?? 'prompt'] ?? prompts.prompt,
      lists,
      lowerCase: asking.lowerCase ?? false,
      pointsAt: asking.pointsAt === 'masks' && sample.question === undefined ? (sample.masks ?? []) : [],
    })
}

/** Stops where not one picture is there, and where not one question can be put; what only some lack costs them alone. */
async function checkSamples(
  { talk }: LoopContext,
  { samples }: Truth,
  pictures: SamplePictures,
  question: (sample: TruthSample) => Question,
): Promise<void> {
  const missing = samples.filter((sample) => !pictures.isThere(sample))
  if (missing.length === samples.length) {
    throw new MaskwordsError('not-found', `no picture is there, as ${missing[0]!.picture ?? '(not named)'}`, {
      at: missing[0]!.id,
      hint: 'name their folder with --pictures',
    })
  }
  if (missing.length > 0) {
    await talk.note(`the pictures of ${missing.length} of ${counted(samples.length, 'sample')} are missing`)
  }
  let failure: unknown
  for (const sample of samples) {
    try {
      question(sample)
      return
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

function askOptions(
  { options }: LoopContext,
  asking: AnyAsking,
  facts: ModelFacts,
): Omit<AskOptions, 'signal'> & { readonly constraint: { readonly mode: 'free' | 'forced' | 'off' } } {
  const mode = options.constraint ?? (facts.constraints.includes('free') ? 'free' : 'off')
  if (!facts.constraints.includes(mode)) {
    throw new MaskwordsError('unsupported', `${facts.name} cannot be held to --constraint ${mode}`, {
      hint: `it can: ${facts.constraints.join(', ')}`,
    })
  }
  const temperature = options.temperature ?? 0
  return {
    maxTokens: options['max-tokens'] ?? asking.maxTokens,
    temperature,
    ...(temperature > 0 && {
      topP: options['top-p'] ?? 1,
      topK: options['top-k'] ?? 0,
      seed: options.seed ?? 0,
    }),
    constraint: { mode },
  }
}

/** All that answers depend on. */
function askedSettings(
  { options }: LoopContext,
  { model, codec, source, fingerprint }: OpenedModel,
  prompts: Asking['prompts'],
  { constraint, ...drawing }: ReturnType<typeof askOptions>,
  maxSidePx: number | undefined,
): AskedSettings {
  const { prompt, ...others } = prompts
  const { maxTokens, temperature, topP, topK, seed } = drawing
  const settings = {
    model: source,
    fingerprint,
    backend: model.facts.kind,
    served: model.facts.kind === 'server' ? model.facts.name : undefined,
    weights: model.facts.kind === 'server' ? undefined : (options.weights ?? 'auto'),
    codec: codec === undefined ? undefined : (options.codec ?? codec.name),
    prompt,
    ...Object.fromEntries(Object.entries(others).map(([name, text]) => [`prompt of ${name}`, text])),
    maxTokens,
    temperature,
    topP,
    topK,
    seed,
    constraint: constraint.mode,
    maxSidePx,
  }
  const set = Object.entries(settings).filter(([, value]) => value !== undefined)
  return Object.fromEntries(set) as AskedSettings
}

/** SHA-256 of the truth and of all that its samples ask. */
function questionsHash({ samples }: Truth): string {
  const text = (pieces: MaskedText) =>
    pieces.map((piece) => (typeof piece === 'string' ? piece : [cocoStringFromMask(piece.mask)]))
  const lines = samples.map(({ id, picture, phrase, question, history }) =>
    JSON.stringify([
      id,
      picture ?? null,
      phrase ?? null,
      question === undefined ? null : text(question),
      (history ?? []).map(({ role, pieces }) => [role, text(pieces)]),
    ]),
  )
  return createHash('sha256').update(truthHash(samples)).update(lines.sort().join('\n')).digest('hex')
}

/** Runs that may share answers have the same. */
function shortHash({ questions, asked }: AnswersHeader): string {
  const { model, ...rest } = asked
  const what = asked['fingerprint'] === undefined ? { model, ...rest } : rest
  const sorted = Object.entries(what).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([questions, sorted]))
    .digest('hex')
    .slice(0, 12)
}
