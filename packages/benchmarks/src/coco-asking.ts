// `maskwords eval coco --model`: a model is asked for the masks of all categories in each picture; its answers become detections. The question is that of
// SAMTok's open-vocabulary detection.
import { open } from 'node:fs/promises'
import { dirname } from 'node:path'
import { asObject, idAt, listAt, textAt } from '@maskwords/annotations'
import type { CocoTruthFile, Stamp } from '@maskwords/eval'
import {
  type Context,
  counted,
  type ErrorReport,
  isTypedError,
  MaskwordsError,
  reportOf,
  throwIfAborted,
} from '@maskwords/files'
import { cocoRleFromMask } from '@maskwords/mask'
import { openAnswers } from './answers.ts'
import { isAnswersHeader } from './answers-header.ts'
import { chosen, sayAsked } from './benchmark-command.ts'
import { spellingIn } from './class-names.ts'
import { type AskedBenchmark, askBenchmark } from './loop/ask-benchmark.ts'
import { always } from './loop/asking.ts'
import type { LOOP_OPTIONS } from './loop/options.ts'
import type { EVAL_OPTIONS } from './options.ts'
import { samplePictures } from './pictures.ts'
import { readPredictions } from './predictions.ts'
import type { Truth, TruthSample } from './truth.ts'

export type CocoAskingContext = Context<typeof EVAL_OPTIONS & typeof LOOP_OPTIONS>

export type AnsweredDetections = {
  /** Where the answers are kept, as the user names it. */
  readonly file: string
  /** COCO results: image_id, category_id, score, segmentation. */
  readonly detections: readonly unknown[]
  /** Pictures that were asked about. */
  readonly pictureIds: ReadonlySet<string>
  readonly codec: string
  readonly asked: Stamp['asked']
  readonly counts: Partial<AskedBenchmark['counts']> & { readonly otherNames: number }
  readonly failures: readonly ErrorReport[]
}

const ASKING = {
  prompts: { prompt: 'Please carefully check the image and detect the following objects: [{labels}].' },
  maxTokens: 4096,
  needsWords: always,
} as const

type CocoFile = { readonly truth: string; readonly json: unknown; readonly read: CocoTruthFile }

/**
 * The detections of a model's answers: of those that --model gives, or of those kept in --predictions. Undefined where --predictions is a COCO
 * result file.
 * @throws MaskwordsError as `askBenchmark`, `readPredictions` and `openAnswers`.
 */
export async function answeredDetections(
  context: CocoAskingContext,
  file: CocoFile,
): Promise<AnsweredDetections | undefined> {
  const { options } = context
  if (options.model === undefined && !(await holdsAnswers(context, options.predictions!))) return undefined
  const whole = pictureQuestions(context, file)
  const samples = chosen(whole.samples, options.limit, options.seed ?? 0)
  const truth: Truth = { ...whole, samples }
  const folders = [...(options.pictures === undefined ? [] : [context.path(options.pictures)]), whole.root]
  const pictures = samplePictures(context as unknown as Context, truth, folders)
  const toAsk = { name: 'coco', asking: ASKING, needsWords: true, whole, truth, pictures }
  const asked = options.model === undefined ? undefined : await askBenchmark(context, toAsk)
  try {
    const kept = asked?.file ?? options.predictions!
    const predictions = await readPredictions(context as unknown as Context, kept)
    const madeWith = predictions.made?.asked['codec']
    const answers = await openAnswers(context as unknown as Context, {
      mode: 'correct',
      ...(options['thought-open'] === true && { thoughtOpen: true }),
      pictures,
      ...(asked?.codec !== undefined && { codec: asked.codec }),
      ...(asked === undefined && typeof madeWith === 'string' && { usualCodec: madeWith }),
    })
    try {
      const found = await detectionsOf(context, { file, samples, predictions, answers, kept })
      if (asked !== undefined) await sayAsked(context, asked)
      return {
        file: kept,
        pictureIds: new Set(samples.map(({ id }) => id)),
        codec: answers.codecName,
        asked: predictions.made?.asked,
        ...found,
        counts: { ...asked?.counts, otherNames: found.otherNames },
      }
    } finally {
      await answers.close()
    }
  } finally {
    await asked?.codec?.close()
  }
}

/** A truth with those pictures alone. */
export function onlyPictures(read: CocoTruthFile, ids: ReadonlySet<string>): CocoTruthFile {
  const has = ({ pictureId }: { readonly pictureId: string | number }) => ids.has(String(pictureId))
  return {
    ...read,
    pictures: read.pictures.filter(({ id }) => ids.has(String(id))),
    truths: read.truths.filter(has),
    lost: read.lost.filter(has),
  }
}

/** The first line of a file of answers has the prompt in it, which may be long. */
const HEAD_BYTES = 65_536

/** Whether a file begins as one of answers that --model keeps. */
async function holdsAnswers(context: CocoAskingContext, name: string): Promise<boolean> {
  if (!/\.jsonl$/i.test(name)) return false
  const file = await open(context.path(name)).catch(() => undefined)
  // Whoever reads it next says why it cannot be read.
  if (file === undefined) return false
  try {
    const { buffer, bytesRead } = await file.read(new Uint8Array(HEAD_BYTES), 0, HEAD_BYTES, 0)
    const head = new TextDecoder().decode(buffer.subarray(0, bytesRead))
    return isAnswersHeader(JSON.parse(head.slice(0, head.indexOf('\n'))))
  } catch {
    return false
  } finally {
    await file.close()
  }
}

/** A question for each picture of the file. */
function pictureQuestions(context: CocoAskingContext, { truth, json, read }: CocoFile): Truth {
  const names = read.categories.flatMap(({ name }) => (name === undefined ? [] : [name]))
  if (names.length === 0) {
    throw new MaskwordsError(
      'malformed',
      'its categories have no names, so that a model cannot be asked for them',
      {
        file: truth,
      },
    )
  }
  const files = new Map(
    listAt(json, 'images').map(
      (entry) => [String(idAt(entry, 'id')), textAt(asObject(entry), 'file_name')] as const,
    ),
  )
  const samples = read.pictures.map(({ id, widthPx, heightPx }): TruthSample => {
    const picture = files.get(String(id))
    return {
      id: String(id),
      ...(picture !== undefined && { picture }),
      size: { widthPx, heightPx },
      groups: [],
    }
  })
  return {
    samples,
    failures: [],
    root: dirname(context.path(truth)),
    vocabulary: { things: names, stuff: [], predicates: [] },
  }
}

type Answered = {
  readonly file: CocoFile
  readonly samples: readonly TruthSample[]
  readonly predictions: Awaited<ReturnType<typeof readPredictions>>
  readonly answers: Awaited<ReturnType<typeof openAnswers>>
  readonly kept: string
}

async function detectionsOf(
  context: CocoAskingContext,
  { file, samples, predictions, answers, kept }: Answered,
): Promise<{ detections: unknown[]; failures: ErrorReport[]; otherNames: number }> {
  const { io, talk } = context
  const ids = new Map(
    file.read.categories.flatMap(({ id, name }) => (name === undefined ? [] : [[name, id] as const])),
  )
  const spelled = spellingIn([...ids.keys()])
  const pictureIds = new Map(file.read.pictures.map(({ id }) => [String(id), id]))
  const detections: unknown[] = []
  const failures: ErrorReport[] = [...predictions.failures]
  let otherNames = 0
  let missing = 0
  const progress = talk.progress(samples.length, 'answer')
  for (const sample of samples) {
    throwIfAborted(io.signal)
    const prediction = predictions.byId.get(sample.id)
    progress.step()
    if (prediction === undefined) {
      missing++
      continue
    }
    const { record, line } = prediction
    try {
      if (record.error !== undefined)
        throw new MaskwordsError('unreadable', `no answer: ${record.error.message}`)
      const named = await answers.named(record, sample)
      const { probabilities = [] } = record
      for (const [k, { name, mask }] of named.entries()) {
        const category = ids.get(spelled(name))
        if (category === undefined) {
          otherNames++
          continue
        }
        // Where some masks could not be read, nobody knows which probability is whose.
        const score = probabilities.length === named.length ? probabilities[k]! : 1
        const segmentation = cocoRleFromMask(mask)
        detections.push({ image_id: pictureIds.get(sample.id), category_id: category, score, segmentation })
      }
    } catch (error) {
      if (!isTypedError(error)) throw error
      const { code, message } = reportOf(error)
      if (code === 'usage' || code === 'interrupted') throw error
      failures.push({
        code: 'unusable-answer',
        message: `${sample.id}: ${message}`,
        file: kept,
        at: `line ${line}`,
      })
    }
  }
  await progress.clear()
  if (missing > 0)
    await talk.note(
      `${missing} of ${counted(samples.length, 'picture')} have no answer: nothing was found there`,
    )
  if (otherNames > 0) {
    await talk.note(
      `${counted(otherNames, 'mask')} with names that are no category of the truth: not counted`,
    )
  }
  const partly = [...answers.partly]
  if (partly.length > 0) {
    await talk.note(
      `${counted(partly.length, 'answer')} with words that cannot be read beside others that can, the first ${JSON.stringify(partly[0])}`,
    )
  }
  return { detections, failures, otherNames }
}
